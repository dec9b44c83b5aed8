#include "model/norms.h"

namespace rankwise {

namespace {

// The same numbers in rows that are as wide as the gain.
View in_rows(const View& x, const Gain& gain) {
  const int64_t width = gain.value.view().cols;
  return x.cols == width ? x : x.reshaped(x.size() / width, width);
}

}  // namespace

NormFactors::NormFactors(const Context& context, const Gain& gain) : gain_(gain.value) {
  if (!gain.around_zero) return;
  sum_ = context.passing(DType::f32, 1, gain_.cols, Category::workspace);
  context.ops.fill_uniform(sum_, 1.0f, 1.0f, {});
  context.ops.axpby(1.0f, gain_, 1.0f, sum_);
}

void norm_forward(const Context& context, const ModelConfig& config, const Gain& gain, const View& x, const View& y, const View& rstd) {
  const NormFactors factors(context, gain);
  context.ops.rmsnorm(in_rows(x, gain), factors, config.rms_epsilon, in_rows(y, gain), rstd);
}

void norm_backward(const Context& context, const Gain& gain, const View& dy, const View& x, const View& rstd, const View* add, const View& dx) {
  const NormFactors factors(context, gain);
  Tensor scratch = context.passing(DType::f32, context.ops.threads(), gain.value.view().cols, Category::workspace);
  View dgamma;
  if (gain.parameter) dgamma = gain.parameter->gradient_to_add(context);
  context.ops.rmsnorm_backward(in_rows(dy, gain), in_rows(x, gain), factors, rstd, add, in_rows(dx, gain), gain.parameter ? &dgamma : nullptr, scratch);
}

HalfInput::HalfInput(const Context& context, const ModelConfig& config, const Gain& gain, const View& x, const View& rstd) : x_(x) {
  if (!gain.value) return;
  normed_ = context.passing(context.activation, x.rows, x.cols, Category::activations);
  norm_forward(context, config, gain, x, normed_, rstd);
}

void half_input_gradient(const Context& context, const Gain& gain, std::span<const Term> terms, const View& x, const View& rstd, const View& g) {
  if (!gain.value) return take_input_gradient(context, terms, g, &g);
  Tensor dh = context.passing(context.activation, g.rows, g.cols, Category::activations);
  take_input_gradient(context, terms, dh);
  norm_backward(context, gain, dh, x, rstd, &g, g);
}

void half_output(const Context& context, const ModelConfig& config, const Linear& layer, const Gain& gain, const View& input, const View& u,
                 const View& x, const View& y, HalfOutput& kept) {
  if (!gain.value) return layer.forward(context, input, y, u, &x);
  kept.raw = context.passing(context.activation, y.rows, y.cols, Category::activations);
  kept.rstd = context.passing(DType::f32, 1, y.rows, Category::activations);
  layer.forward(context, input, kept.raw, u);
  norm_forward(context, config, gain, kept.raw, y, kept.rstd);
  context.ops.axpby(1.0f, x, 1.0f, y);
}

HalfOutputGradient::HalfOutputGradient(const Context& context, const Gain& gain, const View& g, HalfOutput& kept) : g_(g) {
  if (!gain.value) return;
  through_norm_ = context.passing(context.activation, g.rows, g.cols, Category::activations);
  norm_backward(context, gain, g, kept.raw, kept.rstd, nullptr, through_norm_);
  kept = HalfOutput();
}

}  // namespace rankwise
