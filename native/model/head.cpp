#include <algorithm>

#include "model/decoder.h"

namespace rankwise {

namespace {
// One chunk of logits. Large enough that the gradient of the head, which is read and written once per chunk, does not dominate.
constexpr int64_t kChunkBytes = 48 << 20;
}  // namespace

int64_t head_chunk_tokens(int64_t vocab_size, DType activation, int64_t tokens) {
  const int64_t fits = kChunkBytes / (vocab_size * static_cast<int64_t>(bytes_of(activation)));
  return std::min(tokens, std::clamp<int64_t>(fits / 64 * 64, 64, 1024));
}

void head_loss(const Context& context, Model& model, const View& x, const View& targets, const View& losses, float scale, const View* dx) {
  const ModelConfig& c = model.config;
  const int64_t n = x.rows, d = c.hidden_size;
  const int64_t chunk = head_chunk_tokens(c.vocab_size, context.activation, n);
  const Weight& head = model.head_weight();
  Parameter* head_parameter = dx ? model.head_weight_parameter() : nullptr;
  const Gain& norm = model.final_norm;
  const NormFactors factors(context, norm);
  Tensor logits = context.passing(context.activation, chunk, c.vocab_size, Category::activations);
  Tensor capped;  // what the losses see, for the slope of the cap
  if (c.final_softcap > 0 && dx) capped = context.passing(context.activation, chunk, c.vocab_size, Category::activations);
  Tensor h = context.passing(context.activation, chunk, d, Category::activations);
  Tensor rstd = context.passing(DType::f32, 1, chunk, Category::activations);
  Tensor scratch = context.passing(DType::f32, context.ops.threads(), d, Category::workspace);
  for (int64_t from = 0; from < n; from += chunk) {
    const int64_t count = std::min(chunk, n - from);
    const View x_rows = x.row_range(from, count), h_rows = h.view().row_range(0, count), l_rows = logits.view().row_range(0, count);
    const View r_rows = rstd.view().col_range(0, count);
    context.ops.rmsnorm(x_rows, factors, c.rms_epsilon, h_rows, r_rows);
    context.ops.matmul(Operand(h_rows), head.operand(true), l_rows, context.product);
    if (c.final_softcap > 0) context.ops.softcap(l_rows, c.final_softcap);
    if (capped) context.ops.copy(l_rows, capped.view().row_range(0, count));
    context.ops.cross_entropy(l_rows, targets.col_range(from, count), losses.col_range(from, count), dx != nullptr, scale);
    if (!dx) continue;
    if (capped) context.ops.softcap_backward(capped.view().row_range(0, count), c.final_softcap, l_rows);
    if (head_parameter) accumulate_product(context, *head_parameter, l_rows, h_rows);
    context.ops.matmul(Operand(l_rows), head.operand(false), h_rows, context.product);
    View dgamma;
    if (norm.parameter) dgamma = norm.parameter->gradient_to_add(context);
    context.ops.rmsnorm_backward(h_rows, x_rows, factors, r_rows, nullptr, dx->row_range(from, count), norm.parameter ? &dgamma : nullptr,
                                 scratch);
  }
}

void head_logits(const Context& context, const Model& model, const View& x, const View& logits) {
  Tensor h = context.passing(context.activation, x.rows, x.cols, Category::activations);
  Tensor rstd = context.passing(DType::f32, 1, x.rows, Category::activations);
  norm_forward(context, model.config, model.final_norm, x, h, rstd);
  context.ops.matmul(Operand(h), model.head_weight().operand(true), logits, context.product);
  if (model.config.final_softcap > 0) context.ops.softcap(logits, model.config.final_softcap);
}

}  // namespace rankwise
