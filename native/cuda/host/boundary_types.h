#pragma once
#include "cuda/boundary.h"
#include "ops/adam_constants.h"
#include "ops/ops.h"

// The engine's argument types as the boundary's.
namespace rankwise {

static_assert(static_cast<int>(DType::f32) == RW_F32 && static_cast<int>(DType::bf16) == RW_BF16 && static_cast<int>(DType::i32) == RW_I32 &&
              static_cast<int>(DType::u8) == RW_U8);

inline rw_view across(const View& v) { return {v.data, v.rows, v.cols, v.ld, static_cast<int32_t>(v.dtype)}; }

inline rw_nf4 across(const Nf4View& v) {
  return {v.codes, v.absmax, v.absmax_codes, v.absmax_scale, v.absmax_offset, v.rows, v.cols, v.double_quantized};
}

inline rw_operand across(const Operand& o) { return {across(o.dense), across(o.nf4), o.is_nf4, o.transposed}; }

inline rw_attention across(const AttentionShape& s) {
  return {s.batch, s.query_length, s.key_length, s.heads, s.kv_heads, s.head_dim, s.scale, s.window, s.softcap};
}

inline rw_stream across(const RandomStream& s) { return {stream_key(s), s.step}; }

inline rw_adam across(const AdamStep& step) {
  const AdamConstants c = adam_constants(step);
  return {c.gradient_scale, c.beta1, c.rest1, c.beta2, c.rest2, c.m_scale, c.v_scale, c.epsilon, c.decay, c.rate, c.stochastic,
          {c.stream_key, c.stream_step}};
}

inline rw_adam8 across(const Adam8State& s) { return {s.m_codes, s.v_codes, s.m_absmax, s.v_absmax}; }

// A view that may be absent, for arguments that the boundary takes as a pointer.
class Optional {
 public:
  explicit Optional(const View* v) : view_(v ? across(*v) : rw_view{}), present_(v != nullptr) {}
  const rw_view* get() const { return present_ ? &view_ : nullptr; }

 private:
  rw_view view_;
  bool present_;
};

}  // namespace rankwise
