#pragma once
#include "cuda/launch.h"

// Loops over arrays that are to stay in registers.
#ifdef __CUDACC__
#define RANKWISE_UNROLL _Pragma("unroll")
#else
#define RANKWISE_UNROLL
#endif

// Element types, and sums over the threads of a block. Every sum has one order, whatever the card.
namespace rankwise::cuda {

__device__ inline float read(const float* x) { return *x; }
__device__ inline float read(const __nv_bfloat16* x) { return __bfloat162float(*x); }
__device__ inline void write(float* x, float value) { *x = value; }
__device__ inline void write(__nv_bfloat16* x, float value) { *x = __float2bfloat16(value); }

template <class T>
__device__ inline T warp_sum(T value) {
  for (int lanes = 16; lanes > 0; lanes >>= 1) value += __shfl_xor_sync(0xffffffffu, value, lanes);
  return value;
}
__device__ inline float warp_largest(float value) {
  for (int lanes = 16; lanes > 0; lanes >>= 1) value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, lanes));
  return value;
}

// The sum over all threads of a block of whole warps (at most 1024 threads), for every thread. `room` has 32 places and may be used again at once.
template <class T>
__device__ inline T block_sum(T value, T* room) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = (blockDim.x + 31) >> 5;
  value = warp_sum(value);
  if (warps == 1) return value;
  if (lane == 0) room[warp] = value;
  __syncthreads();
  value = warp_sum(lane < warps ? room[lane] : T(0));
  __syncthreads();
  return value;
}
__device__ inline float block_largest(float value, float* room) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = (blockDim.x + 31) >> 5;
  value = warp_largest(value);
  if (warps == 1) return value;
  if (lane == 0) room[warp] = value;
  __syncthreads();
  value = warp_largest(lane < warps ? room[lane] : -INFINITY);
  __syncthreads();
  return value;
}

__device__ inline int64_t first_of_grid() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ inline int64_t step_of_grid() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

}  // namespace rankwise::cuda
