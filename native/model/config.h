#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace rankwise {

// The architecture of a Llama-family decoder, from config.json of a Hugging Face folder or from a preset.
struct ModelConfig {
  std::string model_type = "llama";  // llama | mistral | qwen2 | qwen3
  int64_t vocab_size = 32000;
  int64_t hidden_size = 0;
  int64_t intermediate_size = 0;
  int64_t layers = 0;
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t max_positions = 2048;
  float rms_epsilon = 1e-6f;
  double rope_theta = 10000.0;
  // Llama-3 scaling of the rotary frequencies; factor 1 = none. "linear" scaling divides every frequency by the factor.
  std::string rope_scaling = "none";  // none | linear | llama3
  double rope_factor = 1.0;
  double rope_low_frequency_factor = 1.0;
  double rope_high_frequency_factor = 4.0;
  int64_t rope_original_positions = 8192;
  std::vector<float> rope_divisors;  // what each frequency is divided by; empty = nothing. GGUF files say llama3 scaling so
  bool tied_head = false;
  bool qkv_bias = false;
  bool output_bias = false;  // bias of o_proj (attention_bias of Llama sets q, k, v and o)
  bool mlp_bias = false;
  bool qk_norm = false;      // RMSNorm over head_dim of q and k (Qwen3)
  float initializer_range = 0.02f;
  std::vector<int64_t> eos_ids;
  int64_t bos_id = -1;

  int64_t q_width() const { return heads * head_dim; }
  int64_t kv_width() const { return kv_heads * head_dim; }
};

// Parses config.json. Throws E_CONFIG for what is malformed or out of range, E_UNSUPPORTED naming the missing feature.
ModelConfig parse_model_config(const std::string& json_text);
// config.json text that transformers reads back to the same model. `dtype` = "float32" | "bfloat16" | "float16".
std::string model_config_json(const ModelConfig& config, const std::string& dtype);
// llama-9m … llama-13b. Throws E_PRESET with the known names.
ModelConfig preset_config(const std::string& name);
std::vector<std::string> preset_names();

}  // namespace rankwise
