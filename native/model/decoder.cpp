#include "model/decoder.h"

#include <algorithm>
#include <cmath>

namespace rankwise {

namespace {

Tensor attention_scratch(const Context& context, const AttentionShape& shape) {
  const uint64_t bytes = context.ops.attention_scratch_bytes(shape);
  return context.passing(DType::u8, 1, static_cast<int64_t>(bytes), Category::workspace);
}

Tensor act(const Context& context, int64_t rows, int64_t cols) { return context.passing(context.activation, rows, cols, Category::activations); }
Tensor stat(const Context& context, int64_t n) { return context.passing(DType::f32, 1, n, Category::activations); }

// The norm of q or k, keeping the statistics of each head or of all of them together.
void qk_norm(const Context& context, const ModelConfig& c, const Gain& gain, const View& raw, const View& normed, Tensor& rstd) {
  rstd = stat(context, raw.size() / gain.value.view().cols);
  norm_forward(context, c, gain, raw, normed, rstd);
}

}  // namespace

AttentionShape attention_shape(const ModelConfig& c, const Block& block, int64_t batch, int64_t queries, int64_t keys) {
  AttentionShape shape;
  shape.batch = batch;
  shape.query_length = queries;
  shape.key_length = keys;
  shape.heads = c.heads;
  shape.kv_heads = c.kv_heads;
  shape.head_dim = c.head_dim;
  shape.scale = 1.0f / std::sqrt(static_cast<float>(c.query_scalar > 0 ? c.query_scalar : static_cast<double>(c.head_dim)));
  shape.window = block.window;
  shape.softcap = c.attention_softcap;
  return shape;
}

void rotate(const Context& context, const Model& model, const Block& block, const View& x, const View& positions, bool inverse) {
  const bool local = block.local_rope;
  context.ops.rope(x, model.config.head_dim, positions, local ? model.local_cos : model.cos, local ? model.local_sin : model.sin, inverse);
}

void gate_forward(const Context& context, const ModelConfig& config, const View& gate, const View& up, const View& out) {
  config.activation == "silu" ? context.ops.swiglu(gate, up, out) : context.ops.geglu(gate, up, out);
}

void gate_backward(const Context& context, const ModelConfig& config, const View& dout, const View& gate, const View& up, const View* out) {
  if (config.activation == "silu") return context.ops.swiglu_backward(dout, gate, up, gate, up, out);
  context.ops.geglu_backward(dout, gate, up, gate, up, out);
}

void block_forward(const Context& context, const Model& model, const Block& block, const Batch& batch, const View& x, const View& y,
                   BlockActivations* kept) {
  const ModelConfig& c = model.config;
  const int64_t n = batch.tokens();
  const auto& l = block.linears;
  BlockActivations a;
  for (size_t slot = 0; slot < kLinears; ++slot) a.u[slot] = l[slot].make_u(context, n);
  if (block.attention_norm.value) a.rstd1 = stat(context, n);
  a.q = act(context, n, c.q_width());
  a.k = act(context, n, c.kv_width());
  a.v = act(context, n, c.kv_width());
  {
    const HalfInput h(context, c, block.attention_norm, x, a.rstd1);
    if (c.qk_norm) {
      a.q_raw = act(context, n, c.q_width());
      a.k_raw = act(context, n, c.kv_width());
      l[kQ].forward(context, h, a.q_raw, a.u[kQ]);
      l[kK].forward(context, h, a.k_raw, a.u[kK]);
      qk_norm(context, c, block.q_norm, a.q_raw, a.q, a.q_rstd);
      qk_norm(context, c, block.k_norm, a.k_raw, a.k, a.k_rstd);
    } else {
      l[kQ].forward(context, h, a.q, a.u[kQ]);
      l[kK].forward(context, h, a.k, a.u[kK]);
    }
    l[kV].forward(context, h, a.v, a.u[kV]);
  }
  rotate(context, model, block, a.q, batch.positions, false);
  rotate(context, model, block, a.k, batch.positions, false);
  a.mixed = act(context, n, c.q_width());
  {
    const AttentionShape shape = attention_shape(c, block, batch.batch, batch.length, batch.length);
    Tensor scratch = attention_scratch(context, shape);
    if (kept) a.lse = stat(context, n * c.heads);
    context.ops.attention(shape, a.q, a.k, a.v, batch.segment_start, a.mixed, kept ? &a.lse.view() : nullptr, scratch);
  }
  if (!kept) {
    a.q.reset();
    a.k.reset();
    a.v.reset();
  }
  a.mid = act(context, n, c.hidden_size);
  half_output(context, c, l[kO], block.attention_after_norm, a.mixed, a.u[kO], x, a.mid, a.attention_output);
  if (block.mlp_norm.value) a.rstd2 = stat(context, n);
  a.gate = act(context, n, c.intermediate_size);
  a.up = act(context, n, c.intermediate_size);
  {
    const HalfInput h(context, c, block.mlp_norm, a.mid, a.rstd2);
    l[kGate].forward(context, h, a.gate, a.u[kGate]);
    l[kUp].forward(context, h, a.up, a.u[kUp]);
  }
  {
    // Without a backward to come the gate's memory can hold the product.
    Tensor own = kept ? act(context, n, c.intermediate_size) : Tensor();
    const View& gated = kept ? own.view() : a.gate.view();
    gate_forward(context, c, a.gate, a.up, gated);
    half_output(context, c, l[kDown], block.mlp_after_norm, gated, a.u[kDown], a.mid, y, a.mlp_output);
  }
  if (kept) *kept = std::move(a);
}

void block_backward(const Context& context, const Model& model, Block& block, const Batch& batch, const View& x, BlockActivations& a,
                    const View& g) {
  const ModelConfig& c = model.config;
  const int64_t n = batch.tokens(), f = c.intermediate_size;
  auto& l = block.linears;

  {  // y = mid + down(activation(gate) ⊙ up)
    const HalfOutputGradient dy(context, block.mlp_after_norm, g, a.mlp_output);
    std::vector<Term> terms;
    Tensor v_down = l[kDown].input_gradient_terms(context, dy, terms);
    Tensor dgated = act(context, n, f);
    take_input_gradient(context, terms, dgated);
    Tensor gated;
    if (l[kDown].needs_input()) gated = act(context, n, f);
    gate_backward(context, c, dgated, a.gate, a.up, gated ? &gated.view() : nullptr);
    dgated.reset();
    l[kDown].parameter_gradients(context, dy, gated, a.u[kDown], v_down);
  }
  {  // gate and up read mid or its norm
    std::vector<Term> terms;
    Tensor v_gate = l[kGate].input_gradient_terms(context, a.gate, terms);
    Tensor v_up = l[kUp].input_gradient_terms(context, a.up, terms);
    {
      const bool needed = l[kGate].needs_input() || l[kUp].needs_input();
      const HalfInput h = needed ? HalfInput(context, c, block.mlp_norm, a.mid, a.rstd2) : HalfInput();
      l[kGate].parameter_gradients(context, a.gate, h, a.u[kGate], v_gate);
      l[kUp].parameter_gradients(context, a.up, h, a.u[kUp], v_up);
    }
    half_input_gradient(context, block.mlp_norm, terms, a.mid, a.rstd2, g);
  }
  a.gate.reset();
  a.up.reset();
  a.mid.reset();
  {  // mid = x + o(attention)
    const HalfOutputGradient dmid(context, block.attention_after_norm, g, a.attention_output);
    std::vector<Term> terms;
    Tensor v_o = l[kO].input_gradient_terms(context, dmid, terms);
    Tensor dmixed = act(context, n, c.q_width());
    take_input_gradient(context, terms, dmixed);
    l[kO].parameter_gradients(context, dmid, a.mixed, a.u[kO], v_o);
    const AttentionShape shape = attention_shape(c, block, batch.batch, batch.length, batch.length);
    Tensor scratch = attention_scratch(context, shape);
    context.ops.attention_backward(shape, dmixed, a.q, a.k, a.v, a.mixed, batch.segment_start, a.lse, a.q, a.k, a.v, scratch);
  }
  a.mixed.reset();
  rotate(context, model, block, a.q, batch.positions, true);
  rotate(context, model, block, a.k, batch.positions, true);
  if (c.qk_norm) {
    norm_backward(context, block.q_norm, a.q, a.q_raw, a.q_rstd, nullptr, a.q);
    norm_backward(context, block.k_norm, a.k, a.k_raw, a.k_rstd, nullptr, a.k);
  }
  {  // q, k and v read x or its norm
    std::vector<Term> terms;
    Tensor v_q = l[kQ].input_gradient_terms(context, a.q, terms);
    Tensor v_k = l[kK].input_gradient_terms(context, a.k, terms);
    Tensor v_v = l[kV].input_gradient_terms(context, a.v, terms);
    {
      const bool needed = l[kQ].needs_input() || l[kK].needs_input() || l[kV].needs_input();
      const HalfInput h = needed ? HalfInput(context, c, block.attention_norm, x, a.rstd1) : HalfInput();
      l[kQ].parameter_gradients(context, a.q, h, a.u[kQ], v_q);
      l[kK].parameter_gradients(context, a.k, h, a.u[kK], v_k);
      l[kV].parameter_gradients(context, a.v, h, a.u[kV], v_v);
    }
    half_input_gradient(context, block.attention_norm, terms, x, a.rstd1, g);
  }
  a = BlockActivations();
}

}  // namespace rankwise
