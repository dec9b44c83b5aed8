// config.json as transformers 4 and 5 write it, what is refused, presets, and the rotary frequencies.
#include "model/config.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "model/rope_scaling.h"
#include "test/check.h"

using namespace rankwise;
using namespace rankwise::test;
using nlohmann::json;

namespace {

auto fields(const ModelConfig& c) {
  return std::tie(c.model_type, c.vocab_size, c.hidden_size, c.intermediate_size, c.layers, c.heads, c.kv_heads, c.head_dim,
                  c.max_positions, c.rms_epsilon, c.rope_theta, c.rope_scaling, c.rope_factor, c.rope_low_frequency_factor,
                  c.rope_high_frequency_factor, c.rope_original_positions, c.partial_rotary_factor, c.rope_short_factors, c.rope_long_factors,
                  c.rope_attention_factor, c.tied_head, c.qkv_bias, c.output_bias, c.mlp_bias, c.qk_norm, c.qk_norm_whole,
                  c.norm_before, c.norm_after, c.gains_around_zero, c.scaled_embedding, c.activation, c.query_scalar,
                  c.attention_softcap, c.final_softcap, c.local_rope_theta,
                  c.sliding_window, c.sliding_layers, c.initializer_range, c.eos_ids, c.bos_id);
}

// Saved by LlamaConfig of transformers 5.18.
const char* const kLlama5 = R"({
  "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 1, "dtype": "bfloat16",
  "eos_token_id": 2, "head_dim": 32, "hidden_act": "silu", "hidden_size": 256, "initializer_range": 0.02, "intermediate_size": 688,
  "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama", "num_attention_heads": 4, "num_hidden_layers": 3,
  "num_key_value_heads": 2, "pad_token_id": null, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
  "rope_parameters": {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192,
                      "rope_theta": 500000.0, "rope_type": "llama3"},
  "tie_word_embeddings": true, "transformers_version": "5.18.0", "use_cache": true, "vocab_size": 32000
})";

// The same model as version 4 wrote it.
const char* const kLlama4 = R"({
  "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2,
  "head_dim": 32, "hidden_act": "silu", "hidden_size": 256, "initializer_range": 0.02, "intermediate_size": 688,
  "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama", "num_attention_heads": 4, "num_hidden_layers": 3,
  "num_key_value_heads": 2, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
  "rope_scaling": {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192,
                   "rope_type": "llama3"},
  "rope_theta": 500000.0, "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.45.0", "use_cache": true,
  "vocab_size": 32000
})";

// The least that a config.json must have.
json least(const char* model_type) {
  return {{"model_type", model_type}, {"vocab_size", 100},       {"hidden_size", 64},
          {"intermediate_size", 96},  {"num_hidden_layers", 2}, {"num_attention_heads", 32}};
}

// Two pairs to rotate, in the writing of version 4.
const json kLongrope = {{"hidden_size", 256},
                        {"partial_rotary_factor", 0.5},
                        {"max_position_embeddings", 128},
                        {"original_max_position_embeddings", 16},
                        {"rope_scaling", {{"type", "su"}, {"short_factor", {1.0, 1.5}}, {"long_factor", {2.0, 3.0}}}}};

// As version 5 writes the Gemma 3 that version 4 writes otherwise below.
const json kGemma3 = {{"layer_types", {"sliding_attention", "full_attention"}},
                      {"sliding_window", 512},
                      {"rope_parameters",
                       {{"full_attention", {{"rope_type", "linear"}, {"factor", 8}, {"rope_theta", 1e6}}},
                        {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 5000}}}}}};

// `base` with the members of `changes`.
std::string with(json base, const json& changes) {
  base.update(changes);
  return base.dump();
}

void test_versions() {
  const ModelConfig five = parse_model_config(kLlama5), four = parse_model_config(kLlama4);
  check(fields(five) == fields(four), "versions 4 and 5 mean the same model");
  check(five.hidden_size == 256 && five.intermediate_size == 688 && five.layers == 3 && five.heads == 4 && five.kv_heads == 2 &&
            five.head_dim == 32 && five.vocab_size == 32000 && five.max_positions == 131072,
        "sizes");
  check(five.rms_epsilon == 1e-5f && five.initializer_range == 0.02f && five.tied_head && five.eos_ids == std::vector<int64_t>{2} &&
            five.bos_id == 1,
        "numbers");
  check(five.rope_theta == 500000 && five.rope_scaling == "llama3" && five.rope_factor == 8 && five.rope_low_frequency_factor == 1 &&
            five.rope_high_frequency_factor == 4 && five.rope_original_positions == 8192,
        "rotary settings");
}

void test_defaults() {
  const ModelConfig llama = parse_model_config(least("llama").dump());
  check(llama.kv_heads == 32 && llama.head_dim == 2 && llama.max_positions == 2048 && llama.rms_epsilon == 1e-6f, "llama, sizes");
  check(llama.rope_theta == 10000 && llama.rope_scaling == "none", "llama, rotary settings");
  check(!llama.tied_head && !llama.qkv_bias && !llama.output_bias && !llama.mlp_bias && !llama.qk_norm, "llama, switches");
  check(llama.bos_id == 1 && llama.eos_ids == std::vector<int64_t>{2}, "llama, ids");
  const ModelConfig mistral = parse_model_config(with(least("mistral"), {{"sliding_window", nullptr}}));
  check(parse_model_config(least("mistral").dump()).window_of(1) == 4096, "mistral's own window");
  check(mistral.window_of(0) == 0 && mistral.kv_heads == 8 && mistral.max_positions == 131072 && mistral.bos_id == 1, "mistral");
  const ModelConfig qwen2 = parse_model_config(least("qwen2").dump());
  check(qwen2.kv_heads == 32 && qwen2.max_positions == 32768 && qwen2.bos_id == -1 && qwen2.eos_ids.empty(), "qwen2");
  check(qwen2.qkv_bias && !qwen2.output_bias && !qwen2.qk_norm, "qwen2, switches");
  const ModelConfig qwen3 = parse_model_config(least("qwen3").dump());
  check(qwen3.head_dim == 128 && qwen3.kv_heads == 32 && qwen3.qk_norm && !qwen3.qkv_bias, "qwen3");

  json all_null;
  for (const char* key : {"num_key_value_heads", "head_dim", "rope_scaling", "rope_parameters", "bos_token_id", "eos_token_id",
                          "quantization_config"}) {
    all_null[key] = nullptr;
  }
  const ModelConfig nulls = parse_model_config(with(least("llama"), all_null));
  check(nulls.kv_heads == 32 && nulls.head_dim == 2 && nulls.bos_id == -1 && nulls.eos_ids.empty(), "null is absent, and no id");
}

void test_features() {
  const auto parse = [](const char* type, const json& changes) { return parse_model_config(with(least(type), changes)); };
  const ModelConfig biased = parse("llama", {{"attention_bias", true}, {"mlp_bias", true}});
  check(biased.qkv_bias && biased.output_bias && biased.mlp_bias, "llama with biases");
  const ModelConfig qwen3 = parse("qwen3", {{"attention_bias", true}, {"head_dim", 16}});
  check(qwen3.qkv_bias && qwen3.output_bias && qwen3.head_dim == 16, "qwen3 with biases");
  check(!parse("mistral", {{"attention_bias", true}, {"sliding_window", nullptr}}).qkv_bias, "mistral never has biases");
  check(parse("llama", {{"eos_token_id", {5, 7}}}).eos_ids == std::vector<int64_t>{5, 7}, "several ends");
  const ModelConfig beyond = parse("llama", {{"eos_token_id", {5, 128001}}, {"bos_token_id", 128000}});
  check(beyond.eos_ids == std::vector<int64_t>{5} && beyond.bos_id == -1, "ids beyond the vocabulary");
  const ModelConfig linear = parse("llama", {{"rope_scaling", {{"type", "linear"}, {"factor", 4}}}, {"rope_theta", 5e5}});
  check(linear.rope_scaling == "linear" && linear.rope_factor == 4 && linear.rope_theta == 5e5, "linear scaling of version 4");
  const json llama3 = {{"rope_type", "llama3"}, {"factor", 8}, {"low_freq_factor", 1}, {"high_freq_factor", 4}};
  check(parse("llama", {{"rope_parameters", llama3}}).rope_original_positions == 2048, "original positions default to the longest");
  check(parse("mistral", {{"sliding_window", 7}, {"layer_types", {"full_attention", "full_attention"}}}).window_of(1) == 7, "mistral: layer_types do not count");
  check(parse("phi3", {{"sliding_window", 2047}, {"hidden_size", 256}}).window_of(0) == 2047, "phi3 with a window");
  const json late = {{"use_sliding_window", true}, {"max_window_layers", 1}, {"sliding_window", 16}};
  check(parse("qwen2", late).window_of(0) == 0 && parse("qwen2", late).window_of(1) == 16, "windows from max_window_layers on");
  const json first = {{"use_sliding_window", true}, {"layer_types", {"sliding_attention", "full_attention"}}};
  check(parse("qwen3", first).window_of(0) == 4096 && parse("qwen3", first).window_of(1) == 0, "windows where layer_types says");
  const json none_windowed = {{"use_sliding_window", true}, {"max_window_layers", 2}, {"sliding_window", 16}};
  check(parse("qwen2", none_windowed).sliding_window == 0, "no layer with a window");
  const json all_full = {{"layer_types", {"full_attention", "full_attention"}}, {"use_sliding_window", true}, {"max_window_layers", 0}};
  check(parse("qwen2", all_full).sliding_window == 0, "layer_types, all full, go before max_window_layers");
  const ModelConfig phi = parse("phi3", {{"partial_rotary_factor", 0.5}, {"hidden_size", 256}});
  check(phi.kv_heads == 32 && phi.max_positions == 4096 && phi.rms_epsilon == 1e-5f && phi.rotary_dim() == 4, "phi3");
  const ModelConfig longrope = parse("phi3", kLongrope);
  check(longrope.rope_scaling == "longrope" && longrope.rope_original_positions == 16 && longrope.rope_short_factors == std::vector<double>{1.0, 1.5} &&
            longrope.rope_long_factors == std::vector<double>{2.0, 3.0},
        "longrope of version 4, under its first name");
  const ModelConfig olmo2 = parse("olmo2", {{"eos_token_id", 9}});
  check(olmo2.kv_heads == 32 && olmo2.max_positions == 2048 && olmo2.rms_epsilon == 1e-5f && olmo2.bos_id == -1 && !olmo2.tied_head, "olmo2");
  check(olmo2.qk_norm && olmo2.qk_norm_whole && !olmo2.norm_before && olmo2.norm_after && !olmo2.qkv_bias, "olmo2, norms");
  const ModelConfig gemma = parse("gemma", {{"num_attention_heads", 16}});
  check(gemma.kv_heads == 16 && gemma.head_dim == 256 && gemma.max_positions == 8192 && gemma.bos_id == 2 && gemma.tied_head, "gemma");
  check(gemma.gains_around_zero && gemma.scaled_embedding && gemma.activation == "gelu_tanh" && gemma.norm_before && !gemma.norm_after, "gemma, norms");
  const json legacy = {{"num_attention_heads", 16}, {"hidden_act", "gelu"}, {"hidden_activation", nullptr}};
  check(parse("gemma", legacy).activation == "gelu_tanh", "the first files of gemma say gelu and mean its approximation");
  const ModelConfig gemma2 = parse("gemma2", json::object());
  check(gemma2.kv_heads == 4 && gemma2.query_scalar == 256 && gemma2.attention_softcap == 50 && gemma2.final_softcap == 30 && gemma2.norm_before &&
            gemma2.norm_after && gemma2.window_of(0) == 4096 && gemma2.window_of(1) == 0,
        "gemma2");
  const json uncapped = {{"attn_logit_softcapping", nullptr}, {"final_logit_softcapping", nullptr}, {"query_pre_attn_scalar", 144}};
  check(parse("gemma2", uncapped).attention_softcap == 0 && parse("gemma2", uncapped).final_softcap == 0 && parse("gemma2", uncapped).query_scalar == 144,
        "gemma2 without caps");
  const json first_gemma3 = {{"sliding_window_pattern", 2}, {"sliding_window", 512}, {"rope_scaling", {{"rope_type", "linear"}, {"factor", 8}}},
                             {"rope_local_base_freq", 5000}, {"attn_logit_softcapping", nullptr}};
  const ModelConfig gemma3 = parse("gemma3_text", first_gemma3);
  check(gemma3.rope_theta == 1e6 && gemma3.local_rope_theta == 5000 && gemma3.rope_scaling == "linear" && gemma3.rope_factor == 8 && gemma3.qk_norm &&
            gemma3.final_softcap == 0 && gemma3.window_of(0) == 512 && gemma3.window_of(1) == 0,
        "gemma3 of version 4");
  check(fields(parse_model_config(with(least("gemma3_text"), kGemma3))) == fields(gemma3), "gemma3 of version 5 means the same");
  const json wide = {{"hidden_size", 100}, {"num_attention_heads", 3}, {"head_dim", 64}};
  check(parse("llama", wide).q_width() == 192, "heads wider than the model");
}

void test_unsupported() {
  struct Case {
    const char* named;  // what the sentence must name
    const char* type;
    json changes;
  };
  const Case cases[] = {
      {"mamba", "llama", {{"model_type", "mamba"}}},
      {"gelu", "olmo2", {{"hidden_act", "gelu_pytorch_tanh"}}},
      {"silu", "gemma", {{"num_key_value_heads", 1}, {"hidden_act", "silu"}}},
      {"hidden_activation", "gemma", {{"num_key_value_heads", 1}, {"hidden_activation", "gelu"}}},
      {"use_bidirectional_attention", "gemma", {{"use_bidirectional_attention", true}}},
      {"sliding", "gemma", {{"num_key_value_heads", 1}, {"layer_types", {"full_attention", "sliding_attention"}}}},
      {"gpt2", "llama", {{"model_type", "gpt2"}}},
      {"experts", "llama", {{"model_type", "mixtral"}, {"num_local_experts", 8}}},
      {"experts", "qwen3", {{"num_experts", 8}}},
      {"gelu", "llama", {{"hidden_act", "gelu"}}},
      {"sliding", "llama", {{"layer_types", {"full_attention", "sliding_attention"}}, {"sliding_window", 128}}},
      {"layer_types", "qwen3", {{"layer_types", {"linear_attention"}}}},
      {"yarn", "llama", {{"rope_parameters", {{"rope_type", "yarn"}, {"factor", 4}}}}},
      {"dynamic", "llama", {{"rope_scaling", {{"type", "dynamic"}, {"factor", 4}}}}},
      {"longrope", "llama", {{"rope_scaling", {{"rope_type", "longrope"}}}}},
      {"linear", "phi3", {{"rope_scaling", {{"type", "linear"}, {"factor", 4}}}}},
      {"yarn", "phi3", {{"rope_scaling", {{"type", "yarn"}}}}},
      {"gemma3", "llama", {{"model_type", "gemma3"}}},
      {"attn_logit_softcapping", "gemma3_text", {{"attn_logit_softcapping", 50}}},
      {"linear", "gemma3_text", {{"rope_parameters", {{"sliding_attention", {{"rope_type", "linear"}, {"factor", 2}}}}}}},
      {"by layer", "llama", {{"rope_parameters", {{"full_attention", {{"rope_type", "default"}}}}}}},
      {"partial_rotary_factor", "llama", {{"partial_rotary_factor", 0.5}}},
      {"partial_rotary_factor", "llama", {{"rope_parameters", {{"partial_rotary_factor", 0.5}}}}},
      {"quantization_config", "llama", {{"quantization_config", {{"quant_method", "gptq"}}}}},
  };
  for (const Case& c : cases) {
    std::string sentence;
    check_refused("E_UNSUPPORTED", c.named, [&] {
      try {
        parse_model_config(with(least(c.type), c.changes));
      } catch (const Error& e) {
        sentence = e.what();
        throw;
      }
    });
    check(sentence.find(c.named) != std::string::npos, std::string("names ") + c.named + ": " + sentence);
  }
}

void test_malformed() {
  for (const char* key : {"model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"}) {
    json config = least("llama");
    config.erase(key);
    check_refused("E_CONFIG", std::string("without ") + key, [&] { parse_model_config(config.dump()); });
  }
  const json wrong[] = {0, -1, 1.5, "8", true, json::array(), INT64_MAX, UINT64_MAX, INT64_MIN};
  for (const char* key : {"vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                          "num_key_value_heads", "head_dim", "max_position_embeddings"}) {
    for (const json& value : wrong) {
      check_refused("E_CONFIG", std::string(key) + " = " + value.dump(), [&] { parse_model_config(with(least("llama"), {{key, value}})); });
    }
  }
  const json llama3 = {{"rope_type", "llama3"}, {"factor", 8}, {"low_freq_factor", 4}, {"high_freq_factor", 4}};
  const json changes[] = {
      {{"num_key_value_heads", 5}},
      {{"num_attention_heads", 3}},
      {{"head_dim", 3}},
      {{"rms_norm_eps", 0}},
      {{"rms_norm_eps", "1e-6"}},
      {{"initializer_range", -1}},
      {{"rope_theta", 0}},
      {{"rope_theta", -1e4}},
      {{"rope_parameters", 1}},
      {{"rope_parameters", {{"rope_type", "linear"}}}},
      {{"rope_parameters", {{"rope_type", "linear"}, {"factor", 0}}}},
      {{"rope_parameters", {{"rope_type", 7}}}},
      {{"rope_parameters", {{"rope_type", "llama3"}, {"factor", 8}}}},
      {{"rope_parameters", llama3}},
      {{"tie_word_embeddings", 1}},
      {{"attention_bias", "yes"}},
      {{"eos_token_id", -1}},
      {{"eos_token_id", "2"}},
      {{"eos_token_id", {1, 2.5}}},
      {{"bos_token_id", {1}}},
      {{"layer_types", "full_attention"}},
      {{"layer_types", {"full_attention"}}},
      {{"model_type", "gemma2"}, {"sliding_window", nullptr}},
      {{"model_type", "gemma2"}, {"final_logit_softcapping", 0}},
      {{"model_type", "gemma2"}, {"query_pre_attn_scalar", "256"}},
      {{"model_type", "gemma3_text"}, {"sliding_window_pattern", 0}},
      {{"model_type", "gemma3_text"}, {"rope_parameters", {{"rope_type", "default"}}}},
      {{"model_type", "qwen2"}, {"layer_types", {"full_attention", "sliding_attention"}}},
      {{"model_type", "mistral"}, {"num_key_value_heads", 8}, {"sliding_window", 0}},
      {{"model_type", 5}},
  };
  for (const json& change : changes) {
    check_refused("E_CONFIG", change.dump(), [&] { parse_model_config(with(least("llama"), change)); });
  }
  const json phi_changes[] = {
      {{"partial_rotary_factor", 0.1}},
      {{"partial_rotary_factor", 2}},
      {{"rope_scaling", {{"type", "longrope"}, {"short_factor", {1.0, 1.5}}}}},
      {{"rope_scaling", {{"type", "longrope"}, {"short_factor", {1.0}}, {"long_factor", {1.0, 2.0}}}}},
      {{"rope_scaling", {{"type", "longrope"}, {"short_factor", {1.0, 0}}, {"long_factor", {1.0, 2.0}}}}},
      {{"original_max_position_embeddings", 1}},
  };
  for (const json& change : phi_changes) {
    check_refused("E_CONFIG", change.dump(), [&] { parse_model_config(with(json::parse(with(least("phi3"), kLongrope)), change)); });
  }
  for (const char* text : {"", "null", "[]", "{", "{}", "{\"model_type\":\"llama\",\"model_type\":\"llama\"}", "{\"rope_theta\":1e999}",
                           "{\"a\":NaN}", "{\"a\":\"\xff\"}"}) {
    check_refused("E_CONFIG", text, [&] { parse_model_config(text); });
  }
  check_refused("E_CONFIG", "a nul byte", [] { parse_model_config(least("llama").dump() + std::string("\0x", 2)); });
}

void test_round_trip() {
  const json uncapped_gemma2 = {{"attn_logit_softcapping", nullptr}, {"final_logit_softcapping", nullptr}, {"query_pre_attn_scalar", 12.5}};
  const json rope = {{"rope_type", "linear"}, {"factor", 2.5}, {"rope_theta", 12345.5}};
  const json many = {{"attention_bias", true}, {"mlp_bias", true},    {"rms_norm_eps", 1e-5},
                     {"rope_parameters", rope}, {"eos_token_id", {3, 4}}};
  const std::string texts[] = {
      kLlama5,
      with(least("llama"), many),
      with(least("mistral"), {{"sliding_window", nullptr}, {"bos_token_id", nullptr}}),
      with(least("qwen2"), {{"tie_word_embeddings", true}, {"eos_token_id", 9}}),
      with(least("qwen3"), {{"attention_bias", true}}),
      with(least("phi3"), {{"partial_rotary_factor", 0.5}, {"hidden_size", 256}}),
      with(least("olmo2"), {{"attention_bias", true}}),
      with(least("gemma"), {{"head_dim", 16}, {"num_key_value_heads", 1}, {"tie_word_embeddings", false}}),
      with(least("gemma"), {{"num_attention_heads", 16}}),
      with(least("phi3"), kLongrope),
      least("gemma2").dump(),
      with(least("gemma2"), uncapped_gemma2),
      with(least("gemma3_text"), kGemma3),
      with(least("gemma3_text"), {{"final_logit_softcapping", 20.5}, {"sliding_window_pattern", 1}}),
      with(least("phi3"), {{"sliding_window", 9}, {"hidden_size", 256}}),
      least("mistral").dump(),
      with(least("qwen2"), {{"use_sliding_window", true}, {"max_window_layers", 1}, {"sliding_window", 16}}),
      with(least("qwen3"), {{"use_sliding_window", true}, {"layer_types", {"sliding_attention", "full_attention"}}}),
  };
  for (const std::string& text : texts) {
    const ModelConfig before = parse_model_config(text);
    const std::string written = model_config_json(before, "bfloat16");
    check(fields(parse_model_config(written)) == fields(before), "round trip of " + before.model_type);
    check(json::parse(written)["dtype"] == "bfloat16", "dtype");
  }
  check(model_config_json(preset_config("llama-9m"), "float32").find("\"rms_norm_eps\": 1e-06") != std::string::npos, "short numbers");
  ModelConfig odd = preset_config("llama-9m");
  check_refused("E_CONFIG", "element type", [&] { model_config_json(odd, "int8"); });
  odd.qkv_bias = true;
  check_refused("E_CONFIG", "biases that llama does not have", [&] { model_config_json(odd, "float32"); });
  odd.model_type = "gpt2";
  check_refused("E_CONFIG", "unknown type", [&] { model_config_json(odd, "float32"); });
}

void test_presets() {
  for (const std::string& name : preset_names()) {
    const ModelConfig config = preset_config(name);
    check(fields(parse_model_config(model_config_json(config, "float32"))) == fields(config), "round trip of " + name);
    check(config.head_dim * config.heads == config.hidden_size && !config.tied_head && config.vocab_size == 32000, name);
  }
  check(preset_names().size() == 10, "ten presets");
  const ModelConfig big = preset_config("llama-1b");
  check(big.hidden_size == 2048 && big.intermediate_size == 5461 && big.heads == 32 && big.layers == 24, "llama-1b");
  check(big.max_positions == 2048 && preset_config("llama-350m").max_positions == 1024, "longest contexts");
  check_refused("E_PRESET", "unknown preset", [] { preset_config("llama-2b"); });
}

// As transformers 5.18 computes them in float32.
void test_rotary_frequencies() {
  const std::vector<float> llama3 = {1.0f,          0.440366626f,   0.193922758f,   0.0853971019f,  0.0376060307f,  0.0165604409f,
                                     0.00729266508f, 0.00321144611f, 0.000524846022f, 7.78465546e-05f, 3.42810235e-05f, 1.50962178e-05f,
                                     6.64786967e-06f, 2.92749974e-06f, 1.28917316e-06f, 5.6770881e-07f};
  const std::vector<float> linear = {0.25f,          0.079056941f,    0.0250000004f,   0.00790569466f,
                                     0.00249999994f, 0.000790569466f, 0.000250000012f, 7.90569466e-05f};
  const auto close = [](const std::vector<float>& got, const std::vector<float>& want) {
    bool same = got.size() == want.size();
    for (size_t i = 0; same && i < got.size(); ++i) same = std::abs(got[i] / want[i] - 1) < 1e-6f;
    return same;
  };
  check(close(rotary_inverse_frequencies(parse_model_config(kLlama5)), llama3), "llama3");
  ModelConfig config;
  config.head_dim = 16;
  std::vector<float> plain = linear;
  for (float& value : plain) value *= 4;
  check(close(rotary_inverse_frequencies(config), plain), "none");
  config.rope_scaling = "linear";
  config.rope_factor = 4;
  check(close(rotary_inverse_frequencies(config), linear), "linear");
  const ModelConfig longrope = parse_model_config(with(least("phi3"), kLongrope));
  check(close(rotary_inverse_frequencies(longrope), {1.0f, 0.01f / 1.5f}), "longrope");
  check(std::abs(rotary_amplitude(longrope) - std::sqrt(1.75f)) < 1e-6f && rotary_amplitude(config) == 1, "longrope: 128 positions of 16");
}

}  // namespace

int main() {
  test_versions();
  test_defaults();
  test_features();
  test_unsupported();
  test_malformed();
  test_round_trip();
  test_presets();
  test_rotary_frequencies();
  return finish();
}
