#pragma once
#include "model/model.h"

// The norms of a decoder block. A half of it (attention or MLP) reads x or norm(x), and x + what it gives, or x + norm of that, goes on.
namespace rankwise {

// What a norm multiplies by [1 × d]: the gain, or 1 + gain in memory of its own where the family stores it so.
class NormFactors {
 public:
  NormFactors(const Context& context, const Gain& gain);
  operator const View&() const { return sum_ ? sum_.view() : gain_; }

 private:
  Tensor sum_;
  View gain_;
};

// y = norm(x), keeping rstd [1 × rows]. Rows as wide as the gain: q and k may be cut into heads or not.
void norm_forward(const Context& context, const ModelConfig& config, const Gain& gain, const View& x, const View& y, const View& rstd);
// dx = (add ? *add : 0) + ∂/∂x, and the gain's gradient. dx may be dy or add.
void norm_backward(const Context& context, const Gain& gain, const View& dy, const View& x, const View& rstd, const View* add, const View& dx);

// What a half reads. `x` must outlive it.
class HalfInput {
 public:
  HalfInput() = default;  // an empty view
  // rstd [1 × N] is written where there is a norm, else it may be empty.
  HalfInput(const Context& context, const ModelConfig& config, const Gain& gain, const View& x, const View& rstd);
  operator const View&() const { return normed_ ? normed_.view() : x_; }

 private:
  Tensor normed_;
  View x_;
};
// g += ∂L/∂x of a half that reads x, from the products that make the gradient of what its layers read.
void half_input_gradient(const Context& context, const Gain& gain, std::span<const Term> terms, const View& x, const View& rstd, const View& g);

// What a half's last layer gives before its norm, where there is one.
struct HalfOutput {
  Tensor raw;   // [N × d]
  Tensor rstd;  // [1 × N]
};
// y = x + (norm of) layer(input).
void half_output(const Context& context, const ModelConfig& config, const Linear& layer, const Gain& gain, const View& input, const View& u,
                 const View& x, const View& y, HalfOutput& kept);
// The gradient of what the last layer gives: g itself, or in memory of its own. Destroys what was kept.
class HalfOutputGradient {
 public:
  HalfOutputGradient(const Context& context, const Gain& gain, const View& g, HalfOutput& kept);
  operator const View&() const { return through_norm_ ? through_norm_.view() : g_; }

 private:
  Tensor through_norm_;
  View g_;
};

}  // namespace rankwise
