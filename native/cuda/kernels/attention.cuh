#pragma once
#include "cuda/kernels/numbers.cuh"
#include "cuda/plugin.h"

// Causal attention by tiles, without a matrix of all scores. A block of four warps has 4 × LINES queries (or, in the gradient of keys,
// keys) and goes through the other side 32 at a time, one per lane; a lane holds COLS columns, 32 apart, of what a warp sums up.
namespace rankwise::cuda {

constexpr int kWarps = 4, kLanes = 32, kAttentionThreads = kWarps * kLanes;

// One head's part of a matrix [batch · length × heads · head_dim].
template <class T>
struct HeadRows {
  T* data;
  int64_t ld;
};

// The first key that query row i sees.
__device__ inline int64_t first_key(const rw_attention& s, const int32_t* starts, int64_t i) {
  const int64_t start = starts[i], within = i + 1 + s.key_length - s.query_length - s.window;
  return s.window > 0 && within > start ? within : start;
}

__device__ inline float score_of(const rw_attention& s, float product) {
  const float score = s.scale * product;
  return s.softcap > 0.0f ? s.softcap * tanhf(score / s.softcap) : score;
}

// What a score changes by where its product of query and key does.
__device__ inline float slope_of(const rw_attention& s, float score) {
  const float part = s.softcap > 0.0f ? score / s.softcap : 0.0f;
  return s.scale * (1.0f - part * part);
}

// rows [count × dim] into shared memory, `pitch` apart; rows from `limit` on are zeros.
template <class T>
__device__ void load_rows(const HeadRows<const T>& from, int64_t first, int count, int64_t limit, int dim, int pitch, float* to) {
  for (int i = threadIdx.x; i < count * dim; i += kAttentionThreads) {
    const int row = i / dim, column = i % dim;
    to[row * pitch + column] = first + row < limit ? read(from.data + (first + row) * from.ld + column) : 0.0f;
  }
}

// products[r] = line r of `lines` [LINES × dim] · other, for every lane's own `other`.
template <int LINES>
__device__ void dot_products(const float* lines, const float* other, int dim, float* products) {
  RANKWISE_UNROLL
  for (int r = 0; r < LINES; ++r) products[r] = 0.0f;
  for (int d = 0; d < dim; ++d) {
    const float value = other[d];
    RANKWISE_UNROLL
    for (int r = 0; r < LINES; ++r) products[r] = fmaf(lines[r * dim + d], value, products[r]);
  }
}

// sums[r][c] += Σ over the 32 lines of weights[r][line] · lines[line][c].
template <int LINES, int COLS>
__device__ void add_weighted(const float* weights, const float* lines, int dim, int pitch, float (*sums)[COLS]) {
  const int lane = threadIdx.x & 31;
  for (int line = 0; line < kLanes; ++line) {
    float values[COLS];
    RANKWISE_UNROLL
    for (int c = 0; c < COLS; ++c) values[c] = lane + kLanes * c < dim ? lines[line * pitch + lane + kLanes * c] : 0.0f;
    RANKWISE_UNROLL
    for (int r = 0; r < LINES; ++r) {
      const float weight = weights[r * kLanes + line];
      RANKWISE_UNROLL
      for (int c = 0; c < COLS; ++c) sums[r][c] = fmaf(weight, values[c], sums[r][c]);
    }
  }
}

// Runs the code with LINES and COLS fitting a head; wider heads than 256 are refused by the caller.
#define RANKWISE_WITH_HEAD(dim, ...)        \
  do {                                      \
    if ((dim) <= 32) {                      \
      constexpr int LINES = 8, COLS = 1;    \
      __VA_ARGS__;                          \
    } else if ((dim) <= 64) {               \
      constexpr int LINES = 8, COLS = 2;    \
      __VA_ARGS__;                          \
    } else if ((dim) <= 128) {              \
      constexpr int LINES = 4, COLS = 4;    \
      __VA_ARGS__;                          \
    } else {                                \
      constexpr int LINES = 2, COLS = 8;    \
      __VA_ARGS__;                          \
    }                                       \
  } while (false)

constexpr int64_t kWidestHead = 256;

// Lets a kernel take more shared memory than the 48 KiB that need no asking.
template <class K>
cudaError_t allow_shared(K* kernel, size_t bytes) {
  if (bytes <= 48 * 1024) return cudaSuccess;
  return cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
}

}  // namespace rankwise::cuda
