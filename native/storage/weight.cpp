#include "storage/weight.h"

namespace rankwise {

Weight::Weight(const Context& context, const StorageFormat& format, int64_t rows, int64_t cols, Category category, Lifetime lifetime)
    : format_(format), rows_(rows), cols_(cols) {
  auto take = [&](DType dtype, int64_t count) { return Tensor(context.arena, dtype, 1, count, category, lifetime); };
  if (!is_nf4()) {
    dense_ = Tensor(context.arena, format.dtype, rows, cols, category, lifetime);
    return;
  }
  nf4_.rows = rows;
  nf4_.cols = cols;
  nf4_.double_quantized = format.double_quantize;
  codes_ = take(DType::u8, nf4_.code_bytes());
  nf4_.codes = codes_.as<uint8_t>();
  if (format.double_quantize) {
    absmax_codes_ = take(DType::u8, nf4_.blocks());
    absmax_scale_ = take(DType::f32, nf4_.scale_blocks());
    absmax_offset_ = take(DType::f32, 1);
    nf4_.absmax_codes = absmax_codes_.as<uint8_t>();
    nf4_.absmax_scale = absmax_scale_.as<float>();
    nf4_.absmax_offset = absmax_offset_.as<float>();
  } else {
    absmax_ = take(DType::f32, nf4_.blocks());
    nf4_.absmax = absmax_.as<float>();
  }
}

void Weight::assign(const Context& context, const View& values) {
  if (!is_nf4()) {
    context.ops.copy(values, dense_);
    return;
  }
  Tensor scratch;
  if (format_.double_quantize) scratch = context.passing(DType::f32, 1, nf4_.blocks(), Category::workspace);
  context.ops.quantize_nf4(values, nf4_, scratch);
}

void Weight::read(const Context& context, const View& to) const {
  if (is_nf4()) {
    context.ops.dequantize_nf4(nf4_, to);
  } else {
    context.ops.copy(dense_, to);
  }
}

void Weight::copy_from(const Context& context, const Weight& other) {
  auto move = [&](const Tensor& from, const Tensor& to) {
    if (to) context.ops.copy(from, to);
  };
  move(other.dense_, dense_);
  move(other.codes_, codes_);
  move(other.absmax_, absmax_);
  move(other.absmax_codes_, absmax_codes_);
  move(other.absmax_scale_, absmax_scale_);
  move(other.absmax_offset_, absmax_offset_);
}

void Weight::visit(const std::string& name, const StateVisitor& visitor) const {
  auto show = [&](const Tensor& tensor, const char* suffix) {
    if (tensor) visitor(name + suffix, tensor.view());
  };
  show(dense_, "");
  show(codes_, ".nf4");
  show(absmax_, ".absmax");
  show(absmax_codes_, ".absmax_codes");
  show(absmax_scale_, ".absmax_scale");
  show(absmax_offset_, ".absmax_offset");
}

}  // namespace rankwise
