// Householder QR of aᵀ, row by row as on the processor (linalg/householder.h): dependent rows get new directions. Reflections are made
// sixteen at a time by one block, and applied to the other rows while a row is in the cache.
#include "cuda/kernels/numbers.cuh"
#include "cuda/kernels/row_signs.cuh"
#include "cuda/plugin.h"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

constexpr int64_t kPanel = 16;

__device__ float row_product(int64_t n, const float* a, const float* b, float* room) {
  float sum = 0;
  for (int64_t j = threadIdx.x; j < n; j += blockDim.x) sum = fmaf(a[j], b[j], sum);
  return block_sum(sum, room);
}

// x ← (1 − 2vvᵀ)x; v is a unit vector or 0.
__device__ void reflect(int64_t n, const float* v, float* x, float* room) {
  const float twice = -2.0f * row_product(n, v, x, room);
  for (int64_t j = threadIdx.x; j < n; j += blockDim.x) x[j] = fmaf(twice, v[j], x[j]);
  __syncthreads();
}

// Replaces x by the unit v that reflects it onto its first axis; 0 (no reflection) where x is 0.
__device__ void make_reflector(int64_t n, float* x, float* room) {
  const float norm = sqrtf(row_product(n, x, x, room));
  if (threadIdx.x == 0 && norm > 0.0f) x[0] += copysignf(norm, x[0]);
  __syncthreads();
  const float length = sqrtf(row_product(n, x, x, room));
  const float inverse = norm > 0.0f ? 1.0f / length : 0.0f;
  for (int64_t j = threadIdx.x; j < n; j += blockDim.x) x[j] = norm > 0.0f ? x[j] * inverse : 0.0f;
  __syncthreads();
}

// Row k of the reflections [r × n] becomes reflector k, in its elements k … n − 1.
__global__ void make_panel(int64_t from, int64_t end, int64_t n, float* reflections) {
  RANKWISE_SHARED(float, room, 32);
  for (int64_t k = from; k < end; ++k) {
    make_reflector(n - k, reflections + k * n + k, room);
    for (int64_t i = k + 1; i < end; ++i) reflect(n - k, reflections + k * n + k, reflections + i * n + k, room);
  }
}

__global__ void apply_panel(int64_t from, int64_t end, int64_t n, float* reflections) {
  RANKWISE_SHARED(float, room, 32);
  const int64_t i = end + blockIdx.x;
  for (int64_t k = from; k < end; ++k) reflect(n - k, reflections + k * n + k, reflections + i * n + k, room);
}

// Row k of Q is H₀ H₁ … H_k e_k: later reflections leave e_k alone.
__global__ void form_rows(int64_t n, const float* reflections, float* rows, int64_t ld) {
  RANKWISE_SHARED(float, room, 32);
  RANKWISE_SHARED(int64_t, place, 32);
  const int64_t i = blockIdx.x;
  float* q = rows + i * ld;
  for (int64_t j = threadIdx.x; j < n; j += blockDim.x) q[j] = j == i ? 1.0f : 0.0f;
  __syncthreads();
  for (int64_t k = i; k >= 0; --k) reflect(n - k, reflections + k * n + k, q + k, room);
  fix_row_sign(n, q, room, place);
}

}  // namespace

int32_t orthonormalize_rows(rw_card* card, const rw_view* a, float* scratch) {
  const int64_t r = a->rows, n = a->cols;
  if (size_of(*a) == 0) return RW_OK;
  const rw_view reflections = {scratch, r, n, n, RW_F32};
  int32_t status = copy(card, a, &reflections);
  if (status != RW_OK) return status;
  const unsigned threads = row_threads(n), panel_threads = n >= 2048 ? 1024 : threads;
  for (int64_t from = 0; from < r; from += kPanel) {
    const int64_t end = from + kPanel < r ? from + kPanel : r;
    RANKWISE_LAUNCH(make_panel, dim3(1), dim3(panel_threads), 0, card->stream, from, end, n, scratch);
    if (end < r) RANKWISE_LAUNCH(apply_panel, dim3(static_cast<unsigned>(r - end)), dim3(threads), 0, card->stream, from, end, n, scratch);
  }
  RANKWISE_LAUNCH(form_rows, dim3(static_cast<unsigned>(r)), dim3(threads), 0, card->stream, n, scratch, static_cast<float*>(a->data), a->ld);
  return launched(card, "orthonormalize_rows");
}

}  // namespace rankwise::cuda
