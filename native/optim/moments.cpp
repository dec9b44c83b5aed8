#include "optim/moments.h"

namespace rankwise {

namespace {
constexpr int64_t kSmall = 4096;  // bitsandbytes keeps smaller tensors in 32 bits
constexpr int64_t kBlock = 256;
}  // namespace

Moments::Moments(const Context& context, const OptimizerSettings& settings, int64_t rows, int64_t cols) : rows_(rows), cols_(cols) {
  const int64_t n = rows * cols;
  if (settings.state_bits == 8 && n >= kSmall) {
    const int64_t blocks = (n + kBlock - 1) / kBlock;
    m_codes_ = context.lasting(DType::u8, 1, n, Category::optimizer);
    v_codes_ = context.lasting(DType::u8, 1, n, Category::optimizer);
    m_absmax_ = context.lasting(DType::f32, 1, blocks, Category::optimizer);
    v_absmax_ = context.lasting(DType::f32, 1, blocks, Category::optimizer);
  } else {
    const DType dtype = settings.state_bits == 16 ? DType::bf16 : DType::f32;
    m_ = context.lasting(dtype, rows, cols, Category::optimizer);
    v_ = context.lasting(dtype, rows, cols, Category::optimizer);
  }
  clear(context);
}

Adam8State Moments::view8() const {
  return {m_codes_.as<uint8_t>(), v_codes_.as<uint8_t>(), m_absmax_.as<float>(), v_absmax_.as<float>()};
}

void Moments::step(const Context& context, const View& parameter, const View& gradient, AdamStep step) {
  step.t = ++count_;
  if (is_8bit()) {
    context.ops.adamw8(parameter, gradient, view8(), step);
  } else {
    context.ops.adamw(parameter, gradient, m_, v_, step);
  }
}

void Moments::direction(const Context& context, const View& gradient, const View& update, AdamStep step) {
  step.t = ++count_;
  if (is_8bit()) {
    context.ops.adam_direction8(gradient, view8(), update, step);
  } else {
    context.ops.adam_direction(gradient, m_, v_, update, step);
  }
}

void Moments::clear_first(const Context& context) {
  // In 8 bits the block's scale alone decides: any code times a zero scale is zero.
  context.ops.zero(is_8bit() ? m_absmax_.view() : m_.view());
}

void Moments::clear(const Context& context) {
  clear_first(context);
  context.ops.zero(is_8bit() ? v_absmax_.view() : v_.view());
  if (is_8bit()) {
    context.ops.zero(m_codes_);
    context.ops.zero(v_codes_);
  }
  count_ = 0;
}

void Moments::rotate(const Context& context, const View& change, bool rows_axis) {
  const int64_t r = change.rows;
  Tensor squared = context.passing(DType::f32, r, r, Category::workspace);
  Tensor old = context.passing(DType::f32, rows_, cols_, Category::workspace);
  auto turn = [&](const View& moment, const View& map) {
    context.ops.copy(moment, old);
    if (rows_axis) {
      context.ops.matmul(map, Operand(old), moment, Product::f32);
    } else {
      context.ops.matmul(Operand(old), Operand(map, true), moment, Product::f32);
    }
  };
  turn(m_, change);
  context.ops.multiply(change, change, squared);
  turn(v_, squared);
}

void Moments::visit(const std::string& name, const StateVisitor& visitor) const {
  auto show = [&](const Tensor& tensor, const char* suffix) {
    if (tensor) visitor(name + suffix, tensor.view());
  };
  show(m_, ".m");
  show(v_, ".v");
  show(m_codes_, ".m8");
  show(v_codes_, ".v8");
  show(m_absmax_, ".m8_absmax");
  show(v_absmax_, ".v8_absmax");
}

}  // namespace rankwise
