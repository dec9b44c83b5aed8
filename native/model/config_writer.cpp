#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "core/error.h"
#include "core/text.h"
#include "model/families.h"

namespace rankwise {
namespace {

using nlohmann::ordered_json;

// Each family has only some of the switches; a combination that it cannot express must not be lost in silence.
void check_expressible(const Family& family, const ModelConfig& c) {
  if (!c.rope_divisors.empty()) fail("E_CONFIG", "A config.json cannot express rotary divisors that are given one by one.");
  ModelConfig plain = c;
  set_family_features(family, plain);
  if (family.attention_bias) plain.qkv_bias = c.qkv_bias && c.output_bias;
  const auto features = [](const ModelConfig& m) {
    return std::tie(m.qkv_bias, m.qk_norm, m.qk_norm_whole, m.norm_before, m.norm_after, m.gains_around_zero, m.scaled_embedding, m.activation);
  };
  const bool biases = (family.attention_bias ? c.output_bias == c.qkv_bias : !c.output_bias) && (!c.mlp_bias || family.mlp_bias);
  const bool rope = c.model_type == "phi3" ? c.rope_scaling == "none" || c.rope_scaling == "longrope"
                                           : c.partial_rotary_factor == 1.0 && c.rope_scaling != "longrope";
  const bool everywhere = std::find(c.sliding_layers.begin(), c.sliding_layers.end(), false) == c.sliding_layers.end();
  const bool window = c.sliding_window == 0 || c.model_type.starts_with("qwen") || family.full_layer_every > 0 || (family.sliding_window && everywhere);
  const bool scores = family.query_scalar > 0 ? c.query_scalar > 0 : c.query_scalar == 0 && c.final_softcap == 0;
  const bool caps = (family.attention_softcap > 0 || c.attention_softcap == 0) && (c.local_rope_theta > 0) == (family.local_rope_theta > 0);
  if (!biases || !rope || !window || !scores || !caps || features(plain) != features(c)) {
    fail("E_CONFIG", "A config.json of the type \"" + c.model_type + "\" cannot express this model's biases, norms, activation, scores, rotary settings or windows.");
  }
}

// transformers 4 reads rope_theta and rope_scaling, version 5 rope_parameters; both are written and say the same.
void add_rope(ordered_json& out, const ModelConfig& c) {
  ordered_json scaling;
  if (c.rope_scaling == "longrope") {
    // Version 4 takes exactly these three, under "type".
    scaling = {{"type", "longrope"}, {"short_factor", c.rope_short_factors}, {"long_factor", c.rope_long_factors}};
    if (c.rope_factor > 0) scaling["factor"] = c.rope_factor;
    if (c.rope_attention_factor > 0) scaling["attention_factor"] = c.rope_attention_factor;
  } else if (c.rope_scaling != "none") {
    scaling["rope_type"] = c.rope_scaling;
    scaling["factor"] = c.rope_factor;
  }
  if (c.rope_scaling == "llama3") {
    scaling["low_freq_factor"] = c.rope_low_frequency_factor;
    scaling["high_freq_factor"] = c.rope_high_frequency_factor;
    scaling["original_max_position_embeddings"] = c.rope_original_positions;
  }
  ordered_json parameters = scaling.is_null() ? ordered_json{{"rope_type", "default"}} : scaling;
  parameters["rope_theta"] = c.rope_theta;
  if (c.model_type == "phi3") {
    parameters["partial_rotary_factor"] = out["partial_rotary_factor"] = c.partial_rotary_factor;
    out["original_max_position_embeddings"] = c.rope_original_positions;
    if (c.rope_scaling == "longrope") parameters["rope_type"] = "longrope";
  }
  if (c.local_rope_theta > 0) {
    out["rope_local_base_freq"] = c.local_rope_theta;
    parameters = {{"full_attention", parameters}, {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", c.local_rope_theta}}}};
  }
  out["rope_parameters"] = parameters;
  out["rope_theta"] = c.rope_theta;
  out["rope_scaling"] = scaling;
}

void add_layer_types(ordered_json& out, const ModelConfig& c) {
  for (int64_t layer = 0; layer < c.layers; ++layer) out["layer_types"].push_back(c.window_of(layer) > 0 ? "sliding_attention" : "full_attention");
}

void add_scores(ordered_json& out, const ModelConfig& c) {
  const auto cap = [](float value) { return value > 0 ? ordered_json(fewest_decimals(value)) : ordered_json(); };
  const auto whole = static_cast<int64_t>(c.query_scalar);  // transformers wants a whole number where it is one
  out["query_pre_attn_scalar"] = static_cast<double>(whole) == c.query_scalar ? ordered_json(whole) : ordered_json(c.query_scalar);
  out["attn_logit_softcapping"] = cap(c.attention_softcap);
  out["final_logit_softcapping"] = cap(c.final_softcap);
}

void add_window(ordered_json& out, const Family& family, const ModelConfig& c) {
  out["sliding_window"] = c.sliding_window > 0 ? ordered_json(c.sliding_window) : ordered_json();
  if (family.full_layer_every > 0) return add_layer_types(out, c);
  if (!c.model_type.starts_with("qwen")) return;
  int64_t full = 0;  // version 4 before layer_types: the first layers without a window
  while (full < c.layers && c.window_of(full) == 0) ++full;
  out["use_sliding_window"] = c.sliding_window > 0;
  out["max_window_layers"] = full;
  if (c.sliding_window > 0) add_layer_types(out, c);
}

}  // namespace

std::string model_config_json(const ModelConfig& config, const std::string& dtype) {
  if (dtype != "float32" && dtype != "bfloat16" && dtype != "float16") {
    fail("E_CONFIG", "The element type \"" + dtype + "\" is not one of float32, bfloat16 and float16.");
  }
  const Family* family = family_of(config.model_type);
  if (!family) fail("E_CONFIG", "A config.json for the architecture \"" + config.model_type + "\" cannot be written.");
  check_expressible(*family, config);
  ordered_json out;
  out["architectures"] = {family->architecture};
  out["model_type"] = config.model_type;
  out["vocab_size"] = config.vocab_size;
  out["hidden_size"] = config.hidden_size;
  out["intermediate_size"] = config.intermediate_size;
  out["num_hidden_layers"] = config.layers;
  out["num_attention_heads"] = config.heads;
  out["num_key_value_heads"] = config.kv_heads;
  out["head_dim"] = config.head_dim;
  out["hidden_act"] = config.activation == "silu" ? "silu" : "gelu_pytorch_tanh";
  if (config.activation == "gelu_tanh") out["hidden_activation"] = "gelu_pytorch_tanh";  // which version 4 asks for
  out["max_position_embeddings"] = config.max_positions;
  out["rms_norm_eps"] = fewest_decimals(config.rms_epsilon);
  out["initializer_range"] = fewest_decimals(config.initializer_range);
  out["tie_word_embeddings"] = config.tied_head;
  out["attention_dropout"] = 0.0;
  out["use_cache"] = true;
  add_rope(out, config);
  if (family->attention_bias) out["attention_bias"] = config.qkv_bias;
  if (family->mlp_bias) out["mlp_bias"] = config.mlp_bias;
  if (family->sliding_window) add_window(out, *family, config);
  if (family->query_scalar > 0) add_scores(out, config);
  out["pad_token_id"] = nullptr;  // the defaults of some families are no ids of theirs
  out["bos_token_id"] = config.bos_id < 0 ? ordered_json() : ordered_json(config.bos_id);
  if (config.eos_ids.size() == 1) {
    out["eos_token_id"] = config.eos_ids[0];
  } else {
    out["eos_token_id"] = config.eos_ids.empty() ? ordered_json() : ordered_json(config.eos_ids);
  }
  out["dtype"] = dtype;
  out["torch_dtype"] = dtype;
  return out.dump(2) + "\n";
}

}  // namespace rankwise
