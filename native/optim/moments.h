#pragma once
#include <string>

#include "core/context.h"
#include "core/state_visitor.h"

namespace rankwise {

// The optimizer of a run, as its run file sets it.
struct OptimizerSettings {
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  float weight_decay = 0;
  int state_bits = 32;  // 32 | 16 (bf16) | 8 (block-wise dynamic)
};

// What changes from step to step.
struct StepInfo {
  int64_t step = 0;             // 0-based index of the optimizer step
  float learning_rate = 0;
  float gradient_scale = 1.0f;  // clipping
  uint64_t seed = 0;
};

// Adam's two moments of one tensor in one of the state codecs, and how often they have been updated.
class Moments {
 public:
  Moments() = default;
  // Tensors of fewer than 4096 elements keep 32-bit states even where 8 bits are asked for.
  Moments(const Context& context, const OptimizerSettings& settings, int64_t rows, int64_t cols);

  // parameter ← AdamW(parameter, gradient); see Backend::adamw.
  void step(const Context& context, const View& parameter, const View& gradient, AdamStep step);
  // update ← Adam's direction for the gradient; moments advance. See Backend::adam_direction.
  void direction(const Context& context, const View& gradient, const View& update, AdamStep step);

  void clear(const Context& context);
  void clear_first(const Context& context);
  // Change of coordinates of the stored axis (`rows_axis`: the first): m ← C·m, v ← (C∘C)·v, with C [r × r]. Not for 8-bit states.
  void rotate(const Context& context, const View& change, bool rows_axis);
  bool is_8bit() const { return static_cast<bool>(m_codes_); }
  int64_t count() const { return count_; }
  void set_count(int64_t count) { count_ = count; }
  void visit(const std::string& name, const StateVisitor& visitor) const;

 private:
  Adam8State view8() const;
  int64_t rows_ = 0, cols_ = 0;
  int64_t count_ = 0;
  Tensor m_, v_;
  Tensor m_codes_, v_codes_, m_absmax_, v_absmax_;
};

}  // namespace rankwise
