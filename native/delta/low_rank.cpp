#include "delta/low_rank.h"

#include <algorithm>
#include <cmath>

namespace rankwise {

void accumulate_product(const Context& context, Parameter& parameter, const View& a, const View& b) {
  bool add = false;
  const View& gradient = parameter.gradient_to_write(context, add);
  Epilogue epilogue;
  if (add) epilogue.add = &gradient;
  context.ops.matmul(Operand(a, true), Operand(b), gradient, context.product, epilogue);
}

void LowRankDelta::project(const Context& context, const View& x, const View& u) const {
  Epilogue epilogue;
  epilogue.alpha = scale;
  context.ops.matmul(Operand(x), a.operand(true), u, context.product, epilogue);
}

void LowRankDelta::project_back(const Context& context, const View& dy, const View& v) const {
  Epilogue epilogue;
  epilogue.alpha = scale;
  context.ops.matmul(Operand(dy), b.operand(false), v, context.product, epilogue);
}

void LowRankDelta::parameter_gradients(const Context& context, const View& dy, const View& x, const View& u, const View& v) const {
  if (b.parameter) {
    if (b.transposed) {
      accumulate_product(context, *b.parameter, u, dy);
    } else {
      accumulate_product(context, *b.parameter, dy, u);
    }
  }
  if (a.parameter) {
    if (a.transposed) {
      accumulate_product(context, *a.parameter, x, v);
    } else {
      accumulate_product(context, *a.parameter, v, x);
    }
  }
}

void LowRankDelta::add_to(const Context& context, const View& dense) const {
  Epilogue epilogue;
  epilogue.alpha = scale;
  epilogue.add = &dense;
  context.ops.matmul(b.operand(false), a.operand(false), dense, Product::f32, epilogue);
}

double LowRankDelta::norm(const Context& context) const {
  const Tensor of_a = context.passing(DType::f32, rank, rank, Category::workspace), of_b = context.passing(DType::f32, rank, rank, Category::workspace);
  context.ops.matmul(a.operand(false), a.operand(true), of_a, Product::f32);
  context.ops.matmul(b.operand(true), b.operand(false), of_b, Product::f32);
  double squared = 0;  // both are symmetric, so the trace of their product is the sum of their products entry by entry
  for (int64_t i = 0; i < rank * rank; ++i) squared += static_cast<double>(of_a.as<float>()[i]) * of_b.as<float>()[i];
  return std::abs(static_cast<double>(scale)) * std::sqrt(std::max(squared, 0.0));
}

}  // namespace rankwise
