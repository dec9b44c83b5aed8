#pragma once
#include "cuda/launch.h"

namespace rankwise::cuda {

// out[j] += Σ over strips, in order, of room[strip × cols]: the second half of every sum over rows.
__global__ void add_strips(int strips, int64_t cols, const float* room, float* out);

}  // namespace rankwise::cuda
