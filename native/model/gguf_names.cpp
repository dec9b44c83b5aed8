#include "model/gguf_names.h"

#include <array>

#include "core/error.h"

namespace rankwise {
namespace {

struct Renamed {
  const char *hugging_face, *gguf;
};
constexpr std::array<Renamed, 11> kInLayers = {{
    {"input_layernorm", "attn_norm"},
    {"self_attn.q_proj", "attn_q"},
    {"self_attn.k_proj", "attn_k"},
    {"self_attn.v_proj", "attn_v"},
    {"self_attn.o_proj", "attn_output"},
    {"self_attn.q_norm", "attn_q_norm"},
    {"self_attn.k_norm", "attn_k_norm"},
    {"post_attention_layernorm", "ffn_norm"},
    {"mlp.gate_proj", "ffn_gate"},
    {"mlp.up_proj", "ffn_up"},
    {"mlp.down_proj", "ffn_down"},
}};

[[noreturn]] void refuse(const std::string& what) {
  fail("E_UNSUPPORTED", "GGUF files cannot say that a model has " + what + ".", "Export it as safetensors.");
}

}  // namespace

std::string gguf_name(const std::string& name) {
  if (name == "model.embed_tokens.weight") return "token_embd.weight";
  if (name == "model.norm.weight") return "output_norm.weight";
  if (name == "lm_head.weight") return "output.weight";
  const size_t layer = std::string("model.layers.").size(), part = name.find('.', layer) + 1, kind = name.rfind('.');
  for (const Renamed& each : kInLayers) {
    if (name.substr(part, kind - part) == each.hugging_face) return "blk." + name.substr(layer, part - layer) + each.gguf + name.substr(kind);
  }
  fail("E_UNSUPPORTED", "The tensor " + name + " has no name in GGUF files.");
}

std::string gguf_architecture(const ModelConfig& config) { return config.model_type == "mistral" ? "llama" : config.model_type; }

void require_gguf(const ModelConfig& c) {
  const bool llama = gguf_architecture(c) == "llama";
  if (!llama && c.model_type != "qwen2" && c.model_type != "qwen3") {
    fail("E_UNSUPPORTED", "GGUF files are not written for models of the type " + c.model_type + ".", "Export it as safetensors.");
  }
  if (c.model_type == "qwen3" && (c.qkv_bias || c.output_bias)) refuse("Qwen3's layers with biases of attention (attention_bias)");
  if (c.rope_scaling == "llama3" && !llama) refuse("rotary scaling of the kind llama3 in the architecture " + c.model_type);
  if (c.model_type == "qwen2" && c.q_width() != c.hidden_size) refuse("Qwen2's layers with heads that are not as wide together as the model");
}

int64_t gguf_heads(const ModelConfig& config, const std::string& name) {
  if (gguf_architecture(config) != "llama") return 0;
  if (name.find(".q_proj.") != std::string::npos) return config.heads;
  return name.find(".k_proj.") != std::string::npos ? config.kv_heads : 0;
}

int64_t gguf_source_row(int64_t row, int64_t rows, int64_t heads) {
  if (heads == 0) return row;
  const int64_t dim = rows / heads, within = row % dim;
  return row - within + within % 2 * (dim / 2) + within / 2;
}

}  // namespace rankwise
