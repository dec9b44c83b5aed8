#include "model/families.h"

namespace rankwise {
namespace {

constexpr Family kFamilies[] = {
    {.model_type = "llama", .architecture = "LlamaForCausalLM", .bos_id = 1, .eos_id = 2, .attention_bias = true, .mlp_bias = true},
    {.model_type = "mistral", .architecture = "MistralForCausalLM", .kv_heads = 8, .max_positions = 131072, .bos_id = 1, .eos_id = 2, .sliding_window = true},
    {.model_type = "qwen2", .architecture = "Qwen2ForCausalLM", .kv_heads = 32, .max_positions = 32768, .sliding_window = true, .qkv_bias = true},
    {.model_type = "qwen3",
     .architecture = "Qwen3ForCausalLM",
     .kv_heads = 32,
     .head_dim = 128,
     .max_positions = 32768,
     .sliding_window = true,
     .attention_bias = true,
     .qk_norm = true},
    {.model_type = "phi3",
     .architecture = "Phi3ForCausalLM",
     .max_positions = 4096,
     .bos_id = 1,
     .eos_id = 32000,
     .rms_epsilon = 1e-5,
     .sliding_window = true},
    {.model_type = "olmo2",
     .architecture = "Olmo2ForCausalLM",
     .eos_id = 50279,
     .rms_epsilon = 1e-5,
     .attention_bias = true,
     .qk_norm = true,
     .qk_norm_whole = true,
     .norm_before = false,
     .norm_after = true},
    {.model_type = "gemma",
     .architecture = "GemmaForCausalLM",
     .kv_heads = 16,
     .head_dim = 256,
     .max_positions = 8192,
     .bos_id = 2,
     .eos_id = 1,
     .tied_head = true,
     .attention_bias = true,
     .gains_around_zero = true,
     .scaled_embedding = true,
     .activation = "gelu_tanh"},
    {.model_type = "gemma2",
     .architecture = "Gemma2ForCausalLM",
     .kv_heads = 4,
     .head_dim = 256,
     .max_positions = 8192,
     .bos_id = 2,
     .eos_id = 1,
     .tied_head = true,
     .sliding_window = true,
     .attention_bias = true,
     .norm_after = true,
     .gains_around_zero = true,
     .scaled_embedding = true,
     .activation = "gelu_tanh",
     .full_layer_every = 2,
     .query_scalar = 256,
     .attention_softcap = 50,
     .final_softcap = 30},
    {.model_type = "gemma3_text",
     .architecture = "Gemma3ForCausalLM",
     .kv_heads = 4,
     .head_dim = 256,
     .max_positions = 131072,
     .bos_id = 2,
     .eos_id = 1,
     .rope_theta = 1e6,
     .tied_head = true,
     .sliding_window = true,
     .attention_bias = true,
     .qk_norm = true,
     .norm_after = true,
     .gains_around_zero = true,
     .scaled_embedding = true,
     .activation = "gelu_tanh",
     .full_layer_every = 6,
     .query_scalar = 256,
     .local_rope_theta = 10000},
};

}  // namespace

const Family* family_of(const std::string& model_type) {
  for (const Family& family : kFamilies) {
    if (model_type == family.model_type) return &family;
  }
  return nullptr;
}

void set_family_features(const Family& family, ModelConfig& config) {
  config.qkv_bias = family.qkv_bias;
  config.qk_norm = family.qk_norm;
  config.qk_norm_whole = family.qk_norm_whole;
  config.norm_before = family.norm_before;
  config.norm_after = family.norm_after;
  config.gains_around_zero = family.gains_around_zero;
  config.scaled_embedding = family.scaled_embedding;
  config.activation = family.activation;
}

}  // namespace rankwise
