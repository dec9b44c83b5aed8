#include "emulator/test/kernels.h"

#include "cuda/launch.h"

namespace {

__device__ float warp_sum(float v) {
  for (int offset = 16; offset > 0; offset >>= 1) v += __shfl_xor_sync(0xffffffffu, v, offset);
  return v;
}

__device__ float block_sum(float v, float* parts, Fault fault) {
  const int lane = static_cast<int>(threadIdx.x & 31), warp = static_cast<int>(threadIdx.x >> 5), warps = static_cast<int>(blockDim.x >> 5);
  v = warp_sum(v);
  if (lane == 0) parts[warp] = v;
  if (fault == Fault::divergent_barrier && threadIdx.x < blockDim.x / 2) {
    __syncthreads();
  } else if (fault == Fault::barrier_for_half && threadIdx.x < blockDim.x / 2) {
    return v;
  } else if (fault != Fault::no_barrier) {
    __syncthreads();
  }
  float sum = 0;
  for (int w = 0; w < warps; ++w) sum += parts[w];
  if (fault != Fault::no_second_barrier) __syncthreads();
  return sum;
}

__global__ void row_sums(Fault fault, const float* x, float* y, int cols) {
  RANKWISE_SHARED(float, parts, 8);
  const float* row = x + static_cast<size_t>(blockIdx.x) * static_cast<size_t>(cols);
  float sum = 0;
  for (int half = 0; half < 2; ++half) {
    float own = 0;
    for (int i = static_cast<int>(threadIdx.x); i < cols; i += static_cast<int>(blockDim.x)) own += row[i] * (half == 0 ? 3.0f : -2.0f);
    sum += block_sum(own, parts, fault);
  }
  if (fault == Fault::shared_overrun && threadIdx.x == 0) parts[8] = sum;
  if (threadIdx.x == 0) y[blockIdx.x] = sum;
}

__global__ void double_all(Fault fault, const float* x, float* y, int count) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count || fault == Fault::unguarded_tail) y[i] = 2 * x[i];
}

__global__ void total_of(Fault fault, const int* x, int* total, int count) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= count) return;
  if (fault == Fault::plain_sum) {
    *total += x[i];
  } else {
    atomicAdd(total, x[i]);
  }
}

__global__ void reverse(Fault fault, const float* x, float* y) {
  RANKWISE_DYNAMIC_SHARED(float, tile);
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x), lane = static_cast<int>(threadIdx.x & 31);
  const int mirrored = static_cast<int>(threadIdx.x) - lane + 31 - lane;
  if (fault == Fault::missing_lanes && lane >= 16) {
    y[i] = 0;
    return;
  }
  const float other = __shfl_sync(0xffffffffu, x[i], 31 - lane);
  tile[threadIdx.x] = x[i];
  if (fault != Fault::no_barrier) __syncwarp();
  y[i] = 0.5f * (tile[mirrored] + other);
}

__global__ void indices(float* y) {
  const unsigned ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y, iz = blockIdx.z * blockDim.z + threadIdx.z;
  const unsigned nx = gridDim.x * blockDim.x, ny = gridDim.y * blockDim.y;
  y[(iz * ny + iy) * nx + ix] = static_cast<float>(100 * iz + 10 * iy + ix);
}

}  // namespace

void launch_row_sums(Fault fault, const float* x, float* y, int rows, int cols) {
  RANKWISE_LAUNCH(row_sums, dim3(static_cast<unsigned>(rows)), dim3(256), 0, nullptr, fault, x, y, cols);
}
void launch_double(Fault fault, const float* x, float* y, int count) {
  RANKWISE_LAUNCH(double_all, dim3(static_cast<unsigned>((count + 63) / 64)), dim3(64), 0, nullptr, fault, x, y, count);
}
void launch_total(Fault fault, const int* x, int* total, int count) {
  RANKWISE_LAUNCH(total_of, dim3(static_cast<unsigned>((count + 63) / 64)), dim3(64), 0, nullptr, fault, x, total, count);
}
void launch_reverse(Fault fault, const float* x, float* y, int count) {
  RANKWISE_LAUNCH(reverse, dim3(static_cast<unsigned>(count / 64)), dim3(64), 64 * sizeof(float), nullptr, fault, x, y);
}
void launch_indices(float* y) { RANKWISE_LAUNCH(indices, dim3(2, 3, 2), dim3(4, 2, 3), 0, nullptr, y); }
