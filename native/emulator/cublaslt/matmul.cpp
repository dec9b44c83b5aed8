#include <cstring>
#include <mutex>

#include "emulator/cublaslt/product.h"
#include "emulator/device_memory.h"
#include "emulator/streams.h"

namespace rankwise::emulator {
namespace {

// What the fake asks for where it is allowed to, and fills with NaN bits: a workspace that something else lives in is found.
constexpr uint64_t kWorkspaceBytes = 64 << 10;

struct Problem {
  const Description& description;
  const Layout &a, &b, &c, &d;

  cublasStatus_t check() const {
    const bool a_plain = description.transpose_a == CUBLAS_OP_N, b_plain = description.transpose_b == CUBLAS_OP_N;
    const uint64_t k = a_plain ? a.cols : a.rows;
    const bool shapes = (a_plain ? a.rows : a.cols) == d.rows && (b_plain ? b.cols : b.rows) == d.cols && (b_plain ? b.rows : b.cols) == k &&
                        c.rows == d.rows && c.cols == d.cols;
    const bool batches = a.batches == d.batches && b.batches == d.batches && c.batches == d.batches;
    if (!shapes || !batches || d.batches < 1) return CUBLAS_STATUS_INVALID_VALUE;
    // Of NVIDIA's table of types for COMPUTE_32F: what we use.
    if (a.type != b.type || c.type != d.type) return CUBLAS_STATUS_NOT_SUPPORTED;
    if (a.type == CUDA_R_32F && d.type != CUDA_R_32F) return CUBLAS_STATUS_NOT_SUPPORTED;
    return CUBLAS_STATUS_SUCCESS;
  }

  uint64_t hash() const {
    uint64_t h = 1469598103934665603ull;
    const auto mix = [&h](uint64_t x) { h = (h ^ x) * 1099511628211ull; };
    mix(static_cast<uint64_t>(description.transpose_a) << 8 | static_cast<uint64_t>(description.transpose_b));
    for (const Layout* l : {&a, &b, &c, &d}) {
      mix(l->type);
      mix(l->rows);
      mix(l->cols);
      mix(static_cast<uint64_t>(l->ld));
      mix(static_cast<uint64_t>(l->batches));
      mix(static_cast<uint64_t>(l->batch_stride));
    }
    return h;
  }
};

bool aligned(const void* data, uint32_t bytes) { return bytes != 0 && reinterpret_cast<uintptr_t>(data) % bytes == 0; }

}  // namespace
}  // namespace rankwise::emulator

using namespace rankwise::emulator;

extern "C" {

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t description, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d, cublasLtMatmulPreference_t preference_handle,
                                              int wanted, cublasLtMatmulHeuristicResult_t results[], int* found) {
  *found = 0;
  if (wanted < 1) return CUBLAS_STATUS_INVALID_VALUE;
  const Problem problem{description_of(description), layout_of(a), layout_of(b), layout_of(c), layout_of(d)};
  if (const cublasStatus_t status = problem.check(); status != CUBLAS_STATUS_SUCCESS) return status;
  const Preference& preference = preference_of(preference_handle);
  const uint64_t workspace = preference.workspace_bytes >= kWorkspaceBytes ? kWorkspaceBytes : 0;
  const Algorithm algorithm{kAlgorithmMagic,        problem.hash(),         workspace,             preference.alignment_a,
                            preference.alignment_b, preference.alignment_c, preference.alignment_d};
  cublasLtMatmulHeuristicResult_t result{};
  std::memcpy(&result.algo, &algorithm, sizeof algorithm);
  result.workspaceSize = workspace;
  result.state = CUBLAS_STATUS_SUCCESS;
  result.wavesCount = 1.0f;
  results[0] = result;
  *found = 1;
  return CUBLAS_STATUS_SUCCESS;
}

// Only with an algorithm of the heuristic: without one the library would choose by itself, and the workspace would not be known.
cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t description, const void* alpha, const void* a, cublasLtMatrixLayout_t a_layout,
                              const void* b, cublasLtMatrixLayout_t b_layout, const void* beta, const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* chosen, void* workspace, size_t workspace_bytes,
                              cudaStream_t stream) {
  if (!chosen || !alpha || !beta) return CUBLAS_STATUS_INVALID_VALUE;
  const Problem problem{description_of(description), layout_of(a_layout), layout_of(b_layout), layout_of(c_layout), layout_of(d_layout)};
  if (const cublasStatus_t status = problem.check(); status != CUBLAS_STATUS_SUCCESS) return status;
  Algorithm algorithm;
  std::memcpy(&algorithm, chosen, sizeof algorithm);
  if (algorithm.magic != kAlgorithmMagic || algorithm.problem != problem.hash()) return CUBLAS_STATUS_INVALID_VALUE;
  if (workspace_bytes < algorithm.workspace_bytes || (algorithm.workspace_bytes > 0 && !aligned(workspace, 16))) return CUBLAS_STATUS_INVALID_VALUE;
  const bool all_aligned = aligned(a, algorithm.alignment_a) && aligned(b, algorithm.alignment_b) && aligned(c, algorithm.alignment_c) &&
                           aligned(d, algorithm.alignment_d);
  if (!all_aligned) return CUBLAS_STATUS_INVALID_VALUE;
  float alpha_value, beta_value;
  std::memcpy(&alpha_value, alpha, 4);
  std::memcpy(&beta_value, beta, 4);
  const ProductCall call{problem.description, problem.a, problem.b, problem.c, problem.d, alpha_value, beta_value, a, b, c, d};
  const std::lock_guard guard(Streams::the().lock());
  Streams::the().enqueue(stream, "cublasLtMatmul", [call, workspace, bytes = algorithm.workspace_bytes] {
    DeviceMemory::the().check(workspace, bytes, "cublasLtMatmul's workspace lies");
    if (bytes > 0) std::memset(workspace, 0xff, bytes);
    compute(call);
    if (bytes > 0) std::memset(workspace, 0xff, bytes);
  });
  return CUBLAS_STATUS_SUCCESS;
}
}
