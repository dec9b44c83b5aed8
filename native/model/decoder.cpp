#include "model/decoder.h"

#include <algorithm>
#include <cmath>

namespace rankwise {

namespace {

AttentionShape attention_shape(const ModelConfig& c, const Block& block, const Batch& batch) {
  AttentionShape shape;
  shape.batch = batch.batch;
  shape.query_length = shape.key_length = batch.length;
  shape.heads = c.heads;
  shape.kv_heads = c.kv_heads;
  shape.head_dim = c.head_dim;
  shape.scale = 1.0f / std::sqrt(static_cast<float>(c.head_dim));
  shape.window = block.window;
  return shape;
}

Tensor attention_scratch(const Context& context, const AttentionShape& shape) {
  const uint64_t bytes = context.ops.attention_scratch_bytes(shape);
  return context.passing(DType::u8, 1, static_cast<int64_t>(bytes), Category::workspace);
}

Tensor act(const Context& context, int64_t rows, int64_t cols) { return context.passing(context.activation, rows, cols, Category::activations); }
Tensor stat(const Context& context, int64_t n) { return context.passing(DType::f32, 1, n, Category::activations); }

View per_head(const View& x, int64_t head_dim) { return x.reshaped(x.rows * x.cols / head_dim, head_dim); }

// Per-head RMSNorm of `raw` into `normed`, keeping the statistics.
void head_norm(const Context& context, const ModelConfig& c, const Gain& gain, const View& raw, const View& normed, Tensor& rstd) {
  const View rows = per_head(raw, c.head_dim);
  rstd = stat(context, rows.rows);
  context.ops.rmsnorm(rows, gain.value, c.rms_epsilon, per_head(normed, c.head_dim), rstd);
}

void norm_backward(const Context& context, const Gain& gain, const View& dy, const View& x, const View& rstd, const View* add, const View& dx) {
  Tensor scratch = context.passing(DType::f32, context.ops.threads(), x.cols, Category::workspace);
  View dgamma;
  if (gain.parameter) dgamma = gain.parameter->gradient_to_add(context);
  context.ops.rmsnorm_backward(dy, x, gain.value, rstd, add, dx, gain.parameter ? &dgamma : nullptr, scratch);
}

}  // namespace

void block_forward(const Context& context, const Model& model, const Block& block, const Batch& batch, const View& x, const View& y,
                   BlockActivations* kept) {
  const ModelConfig& c = model.config;
  const int64_t n = batch.tokens(), d = c.hidden_size;
  const auto& l = block.linears;
  BlockActivations a;
  for (size_t slot = 0; slot < kLinears; ++slot) a.u[slot] = l[slot].make_u(context, n);
  a.rstd1 = stat(context, n);
  a.q = act(context, n, c.q_width());
  a.k = act(context, n, c.kv_width());
  a.v = act(context, n, c.kv_width());
  {
    Tensor h = act(context, n, d);
    context.ops.rmsnorm(x, block.attention_norm.value, c.rms_epsilon, h, a.rstd1);
    if (c.qk_norm) {
      a.q_raw = act(context, n, c.q_width());
      a.k_raw = act(context, n, c.kv_width());
      l[kQ].forward(context, h, a.q_raw, a.u[kQ]);
      l[kK].forward(context, h, a.k_raw, a.u[kK]);
      head_norm(context, c, block.q_norm, a.q_raw, a.q, a.q_rstd);
      head_norm(context, c, block.k_norm, a.k_raw, a.k, a.k_rstd);
    } else {
      l[kQ].forward(context, h, a.q, a.u[kQ]);
      l[kK].forward(context, h, a.k, a.u[kK]);
    }
    l[kV].forward(context, h, a.v, a.u[kV]);
  }
  context.ops.rope(a.q, c.head_dim, batch.positions, model.cos, model.sin, false);
  context.ops.rope(a.k, c.head_dim, batch.positions, model.cos, model.sin, false);
  a.mixed = act(context, n, c.q_width());
  {
    const AttentionShape shape = attention_shape(c, block, batch);
    Tensor scratch = attention_scratch(context, shape);
    if (kept) a.lse = stat(context, n * c.heads);
    context.ops.attention(shape, a.q, a.k, a.v, batch.segment_start, a.mixed, kept ? &a.lse.view() : nullptr, scratch);
  }
  if (!kept) {
    a.q.reset();
    a.k.reset();
    a.v.reset();
  }
  a.mid = act(context, n, d);
  l[kO].forward(context, a.mixed, a.mid, a.u[kO], &x);
  a.rstd2 = stat(context, n);
  a.gate = act(context, n, c.intermediate_size);
  a.up = act(context, n, c.intermediate_size);
  {
    Tensor h = act(context, n, d);
    context.ops.rmsnorm(a.mid, block.mlp_norm.value, c.rms_epsilon, h, a.rstd2);
    l[kGate].forward(context, h, a.gate, a.u[kGate]);
    l[kUp].forward(context, h, a.up, a.u[kUp]);
  }
  {
    // Without a backward to come the gate's memory can hold the product.
    Tensor own = kept ? act(context, n, c.intermediate_size) : Tensor();
    const View& gated = kept ? own.view() : a.gate.view();
    context.ops.swiglu(a.gate, a.up, gated);
    l[kDown].forward(context, gated, y, a.u[kDown], &a.mid.view());
  }
  if (kept) *kept = std::move(a);
}

void block_backward(const Context& context, const Model& model, Block& block, const Batch& batch, const View& x, BlockActivations& a,
                    const View& g) {
  const ModelConfig& c = model.config;
  const int64_t n = batch.tokens(), d = c.hidden_size, f = c.intermediate_size;
  auto& l = block.linears;

  {  // y = mid + down(silu(gate) ⊙ up)
    std::vector<Term> terms;
    Tensor v_down = l[kDown].input_gradient_terms(context, g, terms);
    Tensor dgated = act(context, n, f);
    take_input_gradient(context, terms, dgated);
    Tensor gated;
    if (l[kDown].needs_input()) gated = act(context, n, f);
    context.ops.swiglu_backward(dgated, a.gate, a.up, a.gate, a.up, gated ? &gated.view() : nullptr);
    dgated.reset();
    l[kDown].parameter_gradients(context, g, gated, a.u[kDown], v_down);
  }
  {  // gate and up read norm(mid)
    std::vector<Term> terms;
    Tensor v_gate = l[kGate].input_gradient_terms(context, a.gate, terms);
    Tensor v_up = l[kUp].input_gradient_terms(context, a.up, terms);
    Tensor h;
    if (l[kGate].needs_input() || l[kUp].needs_input()) {
      h = act(context, n, d);
      context.ops.rmsnorm(a.mid, block.mlp_norm.value, c.rms_epsilon, h, a.rstd2);
    }
    l[kGate].parameter_gradients(context, a.gate, h, a.u[kGate], v_gate);
    l[kUp].parameter_gradients(context, a.up, h, a.u[kUp], v_up);
    h.reset();
    Tensor dh = act(context, n, d);
    take_input_gradient(context, terms, dh);
    norm_backward(context, block.mlp_norm, dh, a.mid, a.rstd2, &g, g);
  }
  a.gate.reset();
  a.up.reset();
  a.mid.reset();
  {  // mid = x + o(attention)
    std::vector<Term> terms;
    Tensor v_o = l[kO].input_gradient_terms(context, g, terms);
    Tensor dmixed = act(context, n, c.q_width());
    take_input_gradient(context, terms, dmixed);
    l[kO].parameter_gradients(context, g, a.mixed, a.u[kO], v_o);
    const AttentionShape shape = attention_shape(c, block, batch);
    Tensor scratch = attention_scratch(context, shape);
    context.ops.attention_backward(shape, dmixed, a.q, a.k, a.v, a.mixed, batch.segment_start, a.lse, a.q, a.k, a.v, scratch);
  }
  a.mixed.reset();
  context.ops.rope(a.q, c.head_dim, batch.positions, model.cos, model.sin, true);
  context.ops.rope(a.k, c.head_dim, batch.positions, model.cos, model.sin, true);
  if (c.qk_norm) {
    auto through = [&](const Gain& gain, const Tensor& dy, const Tensor& raw, const Tensor& rstd) {
      norm_backward(context, gain, per_head(dy, c.head_dim), per_head(raw, c.head_dim), rstd, nullptr, per_head(dy, c.head_dim));
    };
    through(block.q_norm, a.q, a.q_raw, a.q_rstd);
    through(block.k_norm, a.k, a.k_raw, a.k_rstd);
  }
  {  // q, k and v read norm(x)
    std::vector<Term> terms;
    Tensor v_q = l[kQ].input_gradient_terms(context, a.q, terms);
    Tensor v_k = l[kK].input_gradient_terms(context, a.k, terms);
    Tensor v_v = l[kV].input_gradient_terms(context, a.v, terms);
    Tensor h;
    if (l[kQ].needs_input() || l[kK].needs_input() || l[kV].needs_input()) {
      h = act(context, n, d);
      context.ops.rmsnorm(x, block.attention_norm.value, c.rms_epsilon, h, a.rstd1);
    }
    l[kQ].parameter_gradients(context, a.q, h, a.u[kQ], v_q);
    l[kK].parameter_gradients(context, a.k, h, a.u[kK], v_k);
    l[kV].parameter_gradients(context, a.v, h, a.u[kV], v_v);
    h.reset();
    Tensor dh = act(context, n, d);
    take_input_gradient(context, terms, dh);
    norm_backward(context, block.attention_norm, dh, x, a.rstd1, &g, g);
  }
  a = BlockActivations();
}

}  // namespace rankwise
