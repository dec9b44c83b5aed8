#pragma once
#include <cstdint>

namespace rankwise {

// A step of Adam as the kernels of every device compute it: u = (m·m_scale) / (√(v·v_scale) + epsilon); p ← p·decay − rate·u. Both
// placements of Adam's ε are cases of this. Nothing but data: kernels compiled for other instruction sets read this header too.
struct AdamConstants {
  float gradient_scale, beta1, rest1, beta2, rest2;  // rest = 1 − β
  float m_scale, v_scale, epsilon;
  float decay, rate;
  bool stochastic;                // round bf16 parameters with words of this stream:
  uint64_t stream_key, stream_step;
};

struct AdamStep;
AdamConstants adam_constants(const AdamStep& step);

}  // namespace rankwise
