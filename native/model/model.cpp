#include "model/model.h"

#include <cmath>
#include <cstring>

#include "core/error.h"
#include "model/rope_scaling.h"
#include "ops/host_access.h"

namespace rankwise {

namespace {

const char* const kSlotNames[kLinears] = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
                                          "mlp.gate_proj",    "mlp.up_proj",      "mlp.down_proj"};

Gain make_gain(const Context& context, const ModelConfig& config, const std::string& name, int64_t width) {
  return {name, context.lasting(DType::f32, 1, width, Category::weights), nullptr, config.gains_around_zero};
}

// Named by where they stand: with norms before alone, the one behind attention is that of what the MLP reads.
void make_norms(const Context& context, const ModelConfig& c, const std::string& prefix, Block& block) {
  const auto gain = [&](const char* name, int64_t width) { return make_gain(context, c, prefix + name + ".weight", width); };
  if (c.norm_before) {
    block.attention_norm = gain("input_layernorm", c.hidden_size);
    block.mlp_norm = gain(c.norm_after ? "pre_feedforward_layernorm" : "post_attention_layernorm", c.hidden_size);
  }
  if (c.norm_after) {
    block.attention_after_norm = gain("post_attention_layernorm", c.hidden_size);
    block.mlp_after_norm = gain("post_feedforward_layernorm", c.hidden_size);
  }
  if (c.qk_norm) {
    block.q_norm = gain("self_attn.q_norm", c.qk_norm_whole ? c.q_width() : c.head_dim);
    block.k_norm = gain("self_attn.k_norm", c.qk_norm_whole ? c.kv_width() : c.head_dim);
  }
}

void fill_rotary_tables(const Context& context, const ModelConfig& config, int64_t positions, Tensor& cos, Tensor& sin) {
  const int64_t half = config.rotary_dim() / 2;
  cos = context.lasting(DType::f32, positions, half, Category::workspace);
  sin = context.lasting(DType::f32, positions, half, Category::workspace);
  if (!context.arena.real()) return;
  const std::vector<float> frequencies = rotary_inverse_frequencies(config);
  const float amplitude = rotary_amplitude(config);
  HostWrite cosines(context, cos), sines(context, sin);
  for (int64_t position = 0; position < positions; ++position) {
    for (int64_t j = 0; j < half; ++j) {
      // float32 on purpose: the reference implementations form the angle in float32 too.
      const float angle = static_cast<float>(position) * frequencies[static_cast<size_t>(j)];
      cosines.as<float>()[position * half + j] = std::cos(angle) * amplitude;
      sines.as<float>()[position * half + j] = std::sin(angle) * amplitude;
    }
  }
  cosines.done();
  sines.done();
}

void set_rotary_tables(const Context& context, Model& model, int64_t positions) {
  const ModelConfig& config = model.config;
  if (config.rope_scaling == "longrope" && positions > config.rope_original_positions) {
    fail("E_UNSUPPORTED",
         "The rotary scaling \"longrope\" beyond the first " + std::to_string(config.rope_original_positions) + " positions is not supported; " +
             std::to_string(positions) + " are asked for.",
         "Use sequences of at most " + std::to_string(config.rope_original_positions) + " tokens.");
  }
  fill_rotary_tables(context, config, positions, model.cos, model.sin);
  if (config.local_rope_theta == 0 || config.sliding_window == 0) return;
  ModelConfig local = config;
  local.rope_theta = config.local_rope_theta;
  local.rope_scaling = "none";
  local.rope_divisors.clear();
  fill_rotary_tables(context, local, positions, model.local_cos, model.local_sin);
}

struct SlotShape {
  int64_t out, in;
  bool bias;
};

SlotShape shape_of(const ModelConfig& c, int slot) {
  switch (slot) {
    case kQ: return {c.q_width(), c.hidden_size, c.qkv_bias};
    case kK:
    case kV: return {c.kv_width(), c.hidden_size, c.qkv_bias};
    case kO: return {c.hidden_size, c.q_width(), c.output_bias};
    case kGate:
    case kUp: return {c.intermediate_size, c.hidden_size, c.mlp_bias};
    default: return {c.hidden_size, c.intermediate_size, c.mlp_bias};
  }
}

}  // namespace

std::set<std::string> linear_names(const ModelConfig& config) {
  std::set<std::string> names;
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    for (const char* slot : kSlotNames) names.insert("model.layers." + std::to_string(layer) + "." + slot);
  }
  return names;
}

Block allocate_block(const Context& context, const ModelConfig& config, const ModelLayout& layout, int64_t layer) {
  Block block;
  const std::string prefix = "model.layers." + std::to_string(layer) + ".";
  for (int slot = 0; slot < kLinears; ++slot) {
    Linear& linear = block.linears[static_cast<size_t>(slot)];
    const SlotShape shape = shape_of(config, slot);
    linear.name = prefix + kSlotNames[slot];
    linear.unit = static_cast<int>(layer) + 1;
    linear.out = shape.out;
    linear.in = shape.in;
    linear.weight = Weight(context, layout.linear(linear.name), shape.out, shape.in, Category::weights, Lifetime::lasting);
    if (shape.bias) linear.bias = context.lasting(DType::f32, 1, shape.out, Category::weights);
  }
  block.window = config.window_of(layer);
  block.local_rope = config.local_rope_theta > 0 && block.window > 0;
  make_norms(context, config, prefix, block);
  return block;
}

namespace {

Model allocate_layers(const Context& context, const ModelConfig& config, const ModelLayout& layout, int64_t layers) {
  Model model;
  model.config = config;
  const auto dense = [&](DType dtype) {
    return Weight(context, {StorageKind::dense, dtype, false}, config.vocab_size, config.hidden_size, Category::weights, Lifetime::lasting);
  };
  model.embedding = dense(layout.embedding);
  for (int64_t layer = 0; layer < layers; ++layer) model.blocks.push_back(allocate_block(context, config, layout, layer));
  model.final_norm = make_gain(context, config, "model.norm.weight", config.hidden_size);
  if (!config.tied_head) model.head = dense(layout.head);
  set_rotary_tables(context, model, layout.positions);
  return model;
}

}  // namespace

Model allocate_model(const Context& context, const ModelConfig& config, const ModelLayout& layout) {
  return allocate_layers(context, config, layout, config.layers);
}

Model allocate_frame(const Context& context, const ModelConfig& config, const ModelLayout& layout) {
  return allocate_layers(context, config, layout, 0);
}

void Model::for_each_linear(const std::function<void(Linear&)>& visit) {
  for (Block& block : blocks) {
    for (Linear& linear : block.linears) visit(linear);
  }
}

void Model::visit(const StateVisitor& visitor) const {
  auto show_gain = [&](const Gain& gain) {
    if (gain.value) visitor(gain.name, gain.value);
  };
  embedding.visit("model.embed_tokens.weight", visitor);
  for (const Block& block : blocks) {
    for (const Gain* gain : block.gains()) show_gain(*gain);
    for (const Linear& linear : block.linears) {
      linear.weight.visit(linear.name + ".weight", visitor);
      if (linear.bias) visitor(linear.name + ".bias", linear.bias);
    }
  }
  show_gain(final_norm);
  if (head) head.visit("lm_head.weight", visitor);
}

namespace {

void fill_gain(const Context& context, const Gain& gain, const WeightSource& source) {
  if (gain.value) source.fill(context, gain.name, gain.value, true);
}

void fill_weight(const Context& context, Weight& weight, const std::string& name, const WeightSource& source) {
  if (!weight.is_nf4()) {
    source.fill(context, name, weight.dense(), false);
    return;
  }
  Tensor dense = context.passing(DType::f32, weight.rows(), weight.cols(), Category::workspace);
  source.fill(context, name, dense, false);
  weight.assign(context, dense);
}

}  // namespace

void load_block(const Context& context, Block& block, const WeightSource& source) {
  for (const Gain* gain : block.gains()) fill_gain(context, *gain, source);
  for (Linear& linear : block.linears) {
    fill_weight(context, linear.weight, linear.name + ".weight", source);
    if (linear.bias) source.fill(context, linear.name + ".bias", linear.bias, true);
  }
}

void load_model(const Context& context, Model& model, const WeightSource& source) {
  fill_weight(context, model.embedding, "model.embed_tokens.weight", source);
  for (Block& block : model.blocks) load_block(context, block, source);
  fill_gain(context, model.final_norm, source);
  if (model.head) fill_weight(context, model.head, "lm_head.weight", source);
}

}  // namespace rankwise
