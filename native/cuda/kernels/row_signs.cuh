#pragma once
#include "cuda/kernels/numbers.cuh"

namespace rankwise::cuda {

// Flips the row so that its entry of largest magnitude, the first of equals, is positive. For all threads of a block; `room` and
// `places` have 32 places each.
__device__ inline void fix_row_sign(int64_t n, float* row, float* room, int64_t* places) {
  float most = -1.0f;
  int64_t place = n;
  for (int64_t j = threadIdx.x; j < n; j += blockDim.x) {
    if (fabsf(row[j]) > most) {
      most = fabsf(row[j]);
      place = j;
    }
  }
  const float highest = block_largest(most, room);
  if (most != highest) place = n;
  for (int lanes = 16; lanes > 0; lanes >>= 1) {
    const int64_t other = __shfl_xor_sync(0xffffffffu, place, lanes);
    place = other < place ? other : place;
  }
  const int warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  if ((threadIdx.x & 31) == 0) places[warp] = place;
  __syncthreads();
  for (int w = 0; w < warps; ++w) place = places[w] < place ? places[w] : place;
  const bool flip = place < n && row[place] < 0.0f;
  __syncthreads();
  for (int64_t j = threadIdx.x; flip && j < n; j += blockDim.x) row[j] = -row[j];
}

}  // namespace rankwise::cuda
