#pragma once
#include <cublasLt.h>

#include <cstdint>

// What stands behind cuBLASLt's opaque handles. Only the attributes listed here are understood; others are refused, so that a
// backend cannot come to rely on something that was never executed.
struct cublasLtContext {
  uint32_t magic = 0;
};

namespace rankwise::emulator {

struct Layout {
  cudaDataType type = CUDA_R_32F;
  uint64_t rows = 0, cols = 0;
  int64_t ld = 0;
  int32_t batches = 1;
  int64_t batch_stride = 0;  // elements
};

struct Description {
  cublasComputeType_t compute = CUBLAS_COMPUTE_32F;
  cudaDataType scale_type = CUDA_R_32F;
  int32_t transpose_a = CUBLAS_OP_N, transpose_b = CUBLAS_OP_N;
};

struct Preference {
  uint64_t workspace_bytes = 0;
  uint32_t alignment_a = 256, alignment_b = 256, alignment_c = 256, alignment_d = 256;  // cuBLASLt's defaults
};

// What a heuristic's answer remembers: it may only be used for the problem that it was asked for.
struct Algorithm {
  uint64_t magic;
  uint64_t problem;
  uint64_t workspace_bytes;
  uint32_t alignment_a, alignment_b, alignment_c, alignment_d;
};
constexpr uint64_t kAlgorithmMagic = 0x72616e6b77697365;
static_assert(sizeof(Algorithm) <= sizeof(cublasLtMatmulAlgo_t));

Layout& layout_of(cublasLtMatrixLayout_t handle);
Description& description_of(cublasLtMatmulDesc_t handle);
Preference& preference_of(cublasLtMatmulPreference_t handle);

}  // namespace rankwise::emulator
