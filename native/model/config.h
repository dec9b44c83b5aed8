#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace rankwise {

// The architecture of a decoder, from config.json of a Hugging Face folder or from a preset.
struct ModelConfig {
  std::string model_type = "llama";  // llama | mistral | qwen2 | qwen3 | phi3 | olmo2 | gemma | gemma2 | gemma3_text
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
  double partial_rotary_factor = 1.0;  // the share of a head, from its beginning, that is rotated
  // Llama-3 scaling of the rotary frequencies; factor 1 = none. "linear" scaling divides every frequency by the factor, "longrope" (Phi-3)
  // each by its own short factor within the original positions.
  std::string rope_scaling = "none";  // none | linear | llama3 | longrope
  double rope_factor = 1.0;           // longrope: 0 = as many as the positions are more than the original ones
  double rope_low_frequency_factor = 1.0;
  double rope_high_frequency_factor = 4.0;
  int64_t rope_original_positions = 8192;
  std::vector<double> rope_short_factors, rope_long_factors;  // longrope, one for each pair; the long ones are only kept
  double rope_attention_factor = 0;  // longrope: of cosines and sines; 0 = what rope_factor gives
  double local_rope_theta = 0;       // of layers with a window, unscaled (Gemma 3); 0 = as the others
  std::vector<float> rope_divisors;  // what each frequency is divided by; empty = nothing. GGUF files say llama3 scaling so
  bool tied_head = false;
  bool qkv_bias = false;
  bool output_bias = false;  // bias of o_proj (attention_bias of Llama sets q, k, v and o)
  bool mlp_bias = false;
  bool qk_norm = false;      // RMSNorm of q and k: over head_dim (Qwen3)
  bool qk_norm_whole = false;       // … or over all heads together (OLMo2)
  bool norm_before = true;          // RMSNorm of what attention and MLP read
  bool norm_after = false;          // RMSNorm of what they give, before it joins the residual stream (OLMo2)
  bool gains_around_zero = false;   // norms multiply by 1 + gain (Gemma)
  bool scaled_embedding = false;    // embeddings are multiplied by √hidden_size (Gemma)
  std::string activation = "silu";  // of the gate: silu | gelu_tanh
  double query_scalar = 0;          // scores are divided by its root (Gemma 2 and 3); 0 = head_dim
  float attention_softcap = 0;      // scores become cap · tanh(score / cap) (Gemma 2); 0 = they stay
  float final_softcap = 0;          // the same of logits
  // Keys that a query sees at most in a layer with a window, its own the last of them; 0 = the model has no window.
  int64_t sliding_window = 0;
  std::vector<bool> sliding_layers;  // by layer, where there is a window
  float initializer_range = 0.02f;
  std::vector<int64_t> eos_ids;
  int64_t bos_id = -1;

  int64_t q_width() const { return heads * head_dim; }
  int64_t kv_width() const { return kv_heads * head_dim; }
  int64_t window_of(int64_t layer) const { return sliding_window > 0 && sliding_layers[static_cast<size_t>(layer)] ? sliding_window : 0; }
  int64_t rotary_dim() const { return static_cast<int64_t>(static_cast<double>(head_dim) * partial_rotary_factor); }
};

// Parses config.json. Throws E_CONFIG for what is malformed or out of range, E_UNSUPPORTED naming the missing feature.
ModelConfig parse_model_config(const std::string& json_text);
// config.json text that transformers reads back to the same model. `dtype` = "float32" | "bfloat16" | "float16".
std::string model_config_json(const ModelConfig& config, const std::string& dtype);
// llama-9m … llama-13b. Throws E_PRESET with the known names.
ModelConfig preset_config(const std::string& name);
std::vector<std::string> preset_names();

}  // namespace rankwise
