#pragma once
#include "cpu/isa/vector_kernels.h"
#include "cpu/isa/vector_random.h"

namespace rankwise {
namespace RANKWISE_ISA {

// The constants of a step as vectors.
struct AdamVectors {
  Vec gradient_scale, beta1, rest1, beta2, rest2, m_scale, v_scale, epsilon;
};
static inline AdamVectors adam_vectors(const AdamConstants& c) {
  return {splat(c.gradient_scale), splat(c.beta1),   splat(c.rest1),   splat(c.beta2),
          splat(c.rest2),          splat(c.m_scale), splat(c.v_scale), splat(c.epsilon)};
}

// Moments advance by the scaled gradient; returns the direction u.
static inline Vec adam_advance(const AdamVectors& c, Vec gradient, Vec& m, Vec& v) {
  m = fma(c.rest1, gradient, c.beta1 * m);
  v = fma(c.rest2 * gradient, gradient, c.beta2 * v);
  return m * c.m_scale / (root(v * c.v_scale) + c.epsilon);
}

// Rounds up with the probability of the cut-off fraction: 16 random bits are added below the kept ones.
static inline Bf16 round_stochastically(float x, uint32_t word) {
  const uint32_t u = __builtin_bit_cast(uint32_t, x);
  Bf16 out;
  if ((u & 0x7f800000u) == 0x7f800000u) {
    put(&out, x);
  } else {
    out.bits = static_cast<uint16_t>((u + (word >> 16)) >> 16);
  }
  return out;
}

// Parameters of a run of at most kRandomRun elements, whose first has index `first` (a multiple of 4): from `values`.
static inline void store_parameters(float* p, const float* values, int64_t n, uint64_t first, const AdamConstants& c) {
  for (int64_t j = 0; j < n; j += kLanes) store_up_to(p + j, load_up_to(values + j, n - j), n - j);
}
static inline void store_parameters(Bf16* p, const float* values, int64_t n, uint64_t first, const AdamConstants& c) {
  if (!c.stochastic) {
    for (int64_t j = 0; j < n; j += kLanes) store_up_to(p + j, load_up_to(values + j, n - j), n - j);
    return;
  }
  uint32_t words[kRandomRun];
  random_words(c.stream_key, c.stream_step, first / 4, words);
  for (int64_t j = 0; j < n; ++j) p[j] = round_stochastically(values[j], words[j]);
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
