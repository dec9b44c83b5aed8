#pragma once
#include "cuda/boundary.h"
#include "cuda/kernels/numbers.cuh"
#include "cuda/kernels/random.cuh"

// One element of a step of Adam (ops/adam_constants.h).
namespace rankwise::cuda {

// Moments advance by the scaled gradient; returns the direction.
__device__ inline float adam_advance(const rw_adam& c, float gradient, float& m, float& v) {
  m = fmaf(c.rest1, gradient, c.beta1 * m);
  v = fmaf(c.rest2 * gradient, gradient, c.beta2 * v);
  return m * c.m_scale / (sqrtf(v * c.v_scale) + c.epsilon);
}

__device__ inline float moved(const rw_adam& c, float parameter, float u) { return fmaf(-c.rate, u, c.decay * parameter); }

__device__ inline void store_parameter(float* to, float value, const rw_adam&, uint32_t) { *to = value; }
// Rounds up with the probability of the cut-off fraction: 16 random bits are added below the kept ones.
__device__ inline void store_parameter(__nv_bfloat16* to, float value, const rw_adam& c, uint32_t word) {
  const uint32_t bits = __float_as_uint(value);
  if (!c.stochastic || (bits & 0x7f800000u) == 0x7f800000u) {
    *to = __float2bfloat16(value);
  } else {
    *to = __float2bfloat16(__uint_as_float((bits + (word >> 16)) & 0xffff0000u));
  }
}

}  // namespace rankwise::cuda
