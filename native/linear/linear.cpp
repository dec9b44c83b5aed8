#include "linear/linear.h"

namespace rankwise {

Tensor Linear::make_u(const Context& context, int64_t tokens) const {
  if (!delta_active()) return {};
  return context.passing(context.activation, tokens, delta->rank, Category::activations);
}

void Linear::forward(const Context& context, const View& x, const View& y, const View& u, const View* add) const {
  std::vector<Term> terms;
  terms.push_back({Operand(x), current().operand(true)});
  if (delta_active()) {
    delta->project(context, x, u);
    terms.push_back(delta->forward_term(u));
  }
  Epilogue epilogue;
  if (bias) epilogue.bias = &bias.view();
  epilogue.add = add;
  context.ops.matmul(terms, y, context.product, epilogue);
}

Tensor Linear::input_gradient_terms(const Context& context, const View& dy, std::vector<Term>& terms) const {
  terms.push_back({Operand(dy), current().operand(false)});
  if (!delta_active()) return {};
  Tensor v = context.passing(context.activation, dy.rows, delta->rank, Category::activations);
  delta->project_back(context, dy, v);
  terms.push_back(delta->backward_term(v));
  return v;
}

void Linear::parameter_gradients(const Context& context, const View& dy, const View& x, const View& u, const View& v) {
  if (probing) {
    if (!probe_gradient) probe_gradient = context.passing(DType::f32, out, in, Category::events);
    Epilogue epilogue;
    if (probe_written) epilogue.add = &probe_gradient.view();
    context.ops.matmul(Operand(dy, true), Operand(x), probe_gradient, context.product, epilogue);
    probe_written = true;
  }
  if (weight_parameter) accumulate_product(context, *weight_parameter, dy, x);
  if (delta_active()) delta->parameter_gradients(context, dy, x, u, v);
  if (bias_parameter) {
    Tensor scratch = context.passing(DType::f32, context.ops.threads(), out, Category::workspace);
    context.ops.column_sum(dy, bias_parameter->gradient_to_add(context), scratch);
  }
}

void Linear::read_effective(const Context& context, const View& to) const {
  weight.read(context, to);
  if (delta) delta->add_to(context, to);
}

void take_input_gradient(const Context& context, std::span<const Term> terms, const View& dx, const View* add) {
  Epilogue epilogue;
  epilogue.add = add;
  context.ops.matmul(terms, dx, context.product, epilogue);
}

}  // namespace rankwise
