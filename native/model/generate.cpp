#include "model/generate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "model/decoder.h"
#include "ops/host_access.h"

namespace rankwise {

namespace {

// Keys and values of every layer for up to `capacity` positions of one sequence.
struct Cache {
  std::vector<Tensor> k, v;
  int64_t capacity = 0;
  Cache(const Context& context, const ModelConfig& c, int64_t positions) : capacity(positions) {
    for (int64_t layer = 0; layer < c.layers; ++layer) {
      k.push_back(context.passing(context.activation, positions, c.kv_width(), Category::cache));
      v.push_back(context.passing(context.activation, positions, c.kv_width(), Category::cache));
    }
  }
};

// The buffers of one pass over up to `rows` new tokens.
struct Pass {
  Tensor ids, positions, starts, x, y, h, q, k_raw, mixed, gate, up, rstd, scratch, logits;
  std::array<Tensor, kLinears> u;
};

Pass make_pass(const Context& context, const Model& model, int64_t rows, int64_t capacity) {
  const ModelConfig& c = model.config;
  auto act = [&](int64_t cols) { return context.passing(context.activation, rows, cols, Category::activations); };
  auto ints = [&] { return context.passing(DType::i32, 1, rows, Category::workspace); };
  Pass p;
  p.ids = ints();
  p.positions = ints();
  p.starts = ints();
  context.ops.zero(p.starts);
  p.x = act(c.hidden_size);
  p.y = act(c.hidden_size);
  p.h = act(c.hidden_size);
  p.q = act(c.q_width());
  p.k_raw = act(c.kv_width());
  p.mixed = act(c.q_width());
  p.gate = act(c.intermediate_size);
  p.up = act(c.intermediate_size);
  p.rstd = context.passing(DType::f32, 1, rows * std::max(c.heads, c.kv_heads), Category::activations);
  // Both kinds of pass are provided for: many queries on as many keys, and one query on all of them. Windows take no other room.
  const uint64_t bytes = std::max(context.ops.attention_scratch_bytes(attention_shape(c, model.blocks[0], 1, rows, rows)),
                                  context.ops.attention_scratch_bytes(attention_shape(c, model.blocks[0], 1, 1, capacity)));
  p.scratch = context.passing(DType::u8, 1, static_cast<int64_t>(bytes), Category::workspace);
  p.logits = context.passing(DType::f32, 1, c.vocab_size, Category::activations);
  for (size_t slot = 0; slot < kLinears; ++slot) p.u[slot] = model.blocks[0].linears[slot].make_u(context, rows);
  return p;
}

// u of this layer, for its own rank (ranks may differ from layer to layer where an adapter has rank patterns).
View u_view(const Context& context, const Linear& linear, Tensor& u, int64_t count) {
  if (!linear.delta_active()) return {};
  if (!u || u.view().cols != linear.delta->rank) {
    const int64_t rows = u ? u.view().rows : count;
    u.reset();
    u = context.passing(context.activation, rows, linear.delta->rank, Category::activations);
  }
  return u.view().row_range(0, count);
}

// y = norm(x); rstd has room for every head of every row.
void norm(const Context& context, const ModelConfig& c, const Gain& gain, const View& x, const View& y, const Tensor& rstd) {
  norm_forward(context, c, gain, x, y, rstd.view().col_range(0, x.size() / gain.value.view().cols));
}

void cached_block(const Context& context, const Model& model, size_t layer, Pass& p, Cache& cache, int64_t past, int64_t count) {
  const ModelConfig& c = model.config;
  const Block& block = model.blocks[layer];
  const auto& l = block.linears;
  auto rows = [&](const Tensor& t) { return t.view().row_range(0, count); };
  auto run = [&](int slot, const View& x, const View& y, const View* add = nullptr) {
    l[static_cast<size_t>(slot)].forward(context, x, y, u_view(context, l[static_cast<size_t>(slot)], p.u[static_cast<size_t>(slot)], count), add);
  };
  const View positions = p.positions.view().col_range(0, count);
  const View new_k = cache.k[layer].view().row_range(past, count), new_v = cache.v[layer].view().row_range(past, count);
  const View q = rows(p.q), k_raw = rows(p.k_raw), mixed = rows(p.mixed), x = rows(p.x), y = rows(p.y), h = rows(p.h);
  // What a half reads, and what it adds to the residual stream.
  auto input = [&](const Gain& gain, const View& from) {
    if (gain.value) norm(context, c, gain, from, h, p.rstd);
    return gain.value ? h : from;
  };
  auto output = [&](int slot, const Gain& gain, const View& from, const View& residual, const View& to) {
    if (!gain.value) return run(slot, from, to, &residual);
    run(slot, from, h);
    norm(context, c, gain, h, to, p.rstd);
    context.ops.axpby(1.0f, residual, 1.0f, to);
  };
  const View read = input(block.attention_norm, x);
  if (c.qk_norm) {
    run(kQ, read, mixed);
    run(kK, read, k_raw);
    norm(context, c, block.q_norm, mixed, q, p.rstd);
    norm(context, c, block.k_norm, k_raw, new_k, p.rstd);
  } else {
    run(kQ, read, q);
    run(kK, read, new_k);
  }
  run(kV, read, new_v);
  rotate(context, model, block, q, positions, false);
  rotate(context, model, block, new_k, positions, false);
  const int64_t keys = past + count;
  context.ops.attention(attention_shape(c, block, 1, count, keys), q, cache.k[layer].view().row_range(0, keys), cache.v[layer].view().row_range(0, keys),
                        p.starts.view().col_range(0, count), mixed, nullptr, p.scratch);
  output(kO, block.attention_after_norm, mixed, x, y);
  const View read_by_mlp = input(block.mlp_norm, y);
  run(kGate, read_by_mlp, rows(p.gate));
  run(kUp, read_by_mlp, rows(p.up));
  gate_forward(context, c, rows(p.gate), rows(p.up), rows(p.gate));
  output(kDown, block.mlp_after_norm, rows(p.gate), y, x);
}

void feed(const Context& context, const Model& model, Pass& p, Cache& cache, const std::vector<int32_t>& ids, int64_t past) {
  const int64_t count = static_cast<int64_t>(ids.size());
  if (context.arena.real()) {
    std::vector<int32_t> positions(ids.size());
    std::iota(positions.begin(), positions.end(), static_cast<int32_t>(past));
    context.ops.upload(ids.data(), p.ids.view().col_range(0, count));
    context.ops.upload(positions.data(), p.positions.view().col_range(0, count));
  }
  embed(context, model, p.ids.view().col_range(0, count), p.x.view().row_range(0, count));
  for (size_t layer = 0; layer < model.blocks.size(); ++layer) cached_block(context, model, layer, p, cache, past, count);
  head_logits(context, model, p.x.view().row_range(count - 1, 1), p.logits);
}

}  // namespace

int32_t choose_token(const float* logits, int64_t vocab_size, double temperature, double top_p, double draw) {
  const int32_t best = static_cast<int32_t>(std::max_element(logits, logits + vocab_size) - logits);
  if (temperature <= 0) return best;
  std::vector<int32_t> order(static_cast<size_t>(vocab_size));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return logits[a] > logits[b]; });
  std::vector<double> weights;
  double total = 0;
  for (int32_t id : order) total += weights.emplace_back(std::exp((logits[id] - logits[best]) / temperature));
  double kept = 0;
  size_t count = 0;
  while (count < weights.size() && (count == 0 || kept < top_p * total)) kept += weights[count++];
  double left = draw * kept;
  for (size_t i = 0; i < count; ++i) {
    left -= weights[i];
    if (left < 0) return order[i];
  }
  return order[count - 1];
}

std::vector<int32_t> generate(const Context& context, const Model& model, const std::vector<int32_t>& prompt, const GenerationSettings& settings) {
  if (prompt.empty()) fail("E_PROMPT", "The prompt is empty.", "Give at least one token to continue.");
  for (int32_t id : prompt) {
    if (id < 0 || id >= model.config.vocab_size) fail("E_PROMPT", "The prompt has a token outside the vocabulary.", "Use this model's tokenizer.");
  }
  const int64_t capacity = static_cast<int64_t>(prompt.size()) + settings.max_tokens;
  Cache cache(context, model.config, capacity);
  Pass pass = make_pass(context, model, static_cast<int64_t>(prompt.size()), capacity);
  std::vector<int32_t> added;
  std::vector<int32_t> next = prompt;
  int64_t past = 0;
  while (static_cast<int64_t>(added.size()) < settings.max_tokens) {
    feed(context, model, pass, cache, next, past);
    past += static_cast<int64_t>(next.size());
    const double draw = uniform({settings.seed, hash_name("generate"), 0}, added.size());
    const HostRead logits(context, pass.logits);
    const int32_t id = context.arena.real() ? choose_token(logits.as<float>(), model.config.vocab_size, settings.temperature, settings.top_p, draw) : 0;
    added.push_back(id);
    if (settings.on_token && !settings.on_token(id, logits.as<float>())) break;
    if (std::find(settings.stop_ids.begin(), settings.stop_ids.end(), id) != settings.stop_ids.end()) break;
    next.assign(1, id);
  }
  return added;
}

}  // namespace rankwise
