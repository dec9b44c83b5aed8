#include "model/gguf_families.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/error.h"
#include "model/rope_scaling.h"

namespace rankwise {
namespace {

struct Renamed {
  const char *hugging_face, *gguf;
};
constexpr std::array<Renamed, 10> kEverywhere = {{
    {"input_layernorm", "attn_norm"},
    {"self_attn.q_proj", "attn_q"},
    {"self_attn.k_proj", "attn_k"},
    {"self_attn.v_proj", "attn_v"},
    {"self_attn.o_proj", "attn_output"},
    {"self_attn.q_norm", "attn_q_norm"},
    {"self_attn.k_norm", "attn_k_norm"},
    {"mlp.gate_proj", "ffn_gate"},
    {"mlp.up_proj", "ffn_up"},
    {"mlp.down_proj", "ffn_down"},
}};
// Hugging Face's "post_attention_layernorm" is the norm of what the MLP reads, or, where there are norms of what attention gives, that.
constexpr std::array<Renamed, 1> kNormsBefore = {{{"post_attention_layernorm", "ffn_norm"}}};
constexpr std::array<Renamed, 3> kNormsAround = {{
    {"post_attention_layernorm", "post_attention_norm"},
    {"pre_feedforward_layernorm", "ffn_norm"},
    {"post_feedforward_layernorm", "post_ffw_norm"},
}};
constexpr std::array<Renamed, 6> kFused = {{
    {"post_attention_layernorm", "ffn_norm"},
    {"self_attn.q_proj", "attn_qkv"},
    {"self_attn.k_proj", "attn_qkv"},
    {"self_attn.v_proj", "attn_qkv"},
    {"mlp.gate_proj", "ffn_up"},
    {"mlp.up_proj", "ffn_up"},
}};

// A row says what readers of the architecture compute, whatever a file's keys say.
struct Row {
  const char *model_type, *architecture;
  std::span<const Renamed> own = kNormsBefore;  // names that it has in place of kEverywhere's
  bool neighbours = false;      // of q and k, the pairs that are rotated lie next to each other
  bool attention_bias = false;  // biases of q, k and v, and of o
  bool llama3 = false, linear = true;  // scalings of the rotary table …
  bool longrope = false;               // … this one with the positions that its factors are for
  bool own_head = true;         // a head apart from the embeddings
  bool square = false;          // heads are together as wide as the model
  bool says_window = false;     // the file has the window …
  int64_t full_layer_every = 0;  // … and readers know it in all layers but every so manyth; 0 = they attend without it
  bool attention_softcap = false, final_softcap = false;
  double local_rope_theta = 0;  // of layers with a window
  int64_t largest_layers = 0;   // with as many layers, scores are divided by √(hidden_size / heads); else by √head_dim
};
constexpr Row kRows[] = {
    {.model_type = "llama", .architecture = "llama", .neighbours = true, .attention_bias = true, .llama3 = true},
    {.model_type = "mistral", .architecture = "llama", .neighbours = true, .attention_bias = true, .llama3 = true},
    {.model_type = "qwen2", .architecture = "qwen2", .attention_bias = true, .square = true},
    {.model_type = "qwen3", .architecture = "qwen3"},
    {.model_type = "gemma2",
     .architecture = "gemma2",
     .own = kNormsAround,
     .linear = false,
     .own_head = false,
     .says_window = true,
     .full_layer_every = 2,
     .attention_softcap = true,
     .final_softcap = true,
     .largest_layers = 46},
    {.model_type = "gemma3_text",
     .architecture = "gemma3",
     .own = kNormsAround,
     .says_window = true,
     .full_layer_every = 6,
     .local_rope_theta = 10000,
     .largest_layers = 62},
    {.model_type = "phi3", .architecture = "phi3", .own = kFused, .linear = false, .longrope = true, .square = true, .says_window = true},
    {.model_type = "olmo2", .architecture = "olmo2", .own = kNormsAround, .square = true},
    {.model_type = "gemma", .architecture = "gemma", .own_head = false},
};

const Row& row_of(const ModelConfig& config) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& each) { return config.model_type == each.model_type; });
  if (row == std::end(kRows)) fail("E_UNSUPPORTED", "GGUF files are not written for models of the type " + config.model_type + ".", "Export it as safetensors.");
  return *row;
}

// In the middle of a name: "self_attn.q_proj" of "model.layers.3.self_attn.q_proj.weight".
std::string part_of(const std::string& name, size_t& begin) {
  begin = name.find('.', std::string("model.layers.").size()) + 1;
  return name.substr(begin, name.rfind('.') - begin);
}

// The number under the root that readers divide scores by.
double readers_scalar(const Row& row, const ModelConfig& c) {
  return static_cast<double>(row.largest_layers == c.layers && row.largest_layers > 0 ? c.hidden_size / c.heads : c.head_dim);
}

bool has_readers_windows(const Row& row, const ModelConfig& c) {
  for (int64_t layer = 0; layer < c.layers; ++layer) {
    if ((c.window_of(layer) > 0) != ((layer + 1) % row.full_layer_every != 0)) return false;
  }
  return c.sliding_window > 0;
}

}  // namespace

void require_gguf(const ModelConfig& c) {
  const Row& row = row_of(c);
  const auto only = [&](bool fine, const std::string& what) {
    if (!fine) fail("E_UNSUPPORTED", "GGUF files cannot say that a model of the type " + c.model_type + " has " + what + ".", "Export it as safetensors.");
  };
  only(row.attention_bias || (!c.qkv_bias && !c.output_bias), "biases of attention (attention_bias)");
  only(row.llama3 || c.rope_scaling != "llama3", "rotary scaling of the kind llama3");
  only(row.linear || c.rope_scaling != "linear", "rotary scaling");
  only(row.own_head || c.tied_head, "a head apart from its embeddings (tie_word_embeddings)");
  only(!row.square || c.q_width() == c.hidden_size, "heads that are not as wide together as the model");
  only(row.full_layer_every == 0 || has_readers_windows(row, c), "its windows in other layers than readers do (layer_types)");
  only(row.attention_softcap == (c.attention_softcap > 0), "other soft caps of scores (attn_logit_softcapping)");
  only(row.final_softcap == (c.final_softcap > 0), "other soft caps of logits (final_logit_softcapping)");
  only(row.local_rope_theta == c.local_rope_theta, "another rotary base in its layers with a window (rope_local_base_freq)");
  only(c.query_scalar == 0 || c.query_scalar == readers_scalar(row, c), "scores of another scale (query_pre_attn_scalar)");
}

std::string gguf_architecture(const ModelConfig& config) { return row_of(config).architecture; }

std::string gguf_name(const ModelConfig& config, const std::string& name) {
  if (name == "model.embed_tokens.weight") return "token_embd.weight";
  if (name == "model.norm.weight") return "output_norm.weight";
  if (name == "lm_head.weight") return "output.weight";
  const size_t layer = std::string("model.layers.").size();
  size_t begin = 0;
  const std::string part = part_of(name, begin);
  for (const std::span<const Renamed> table : {row_of(config).own, std::span<const Renamed>(kEverywhere)}) {
    for (const Renamed& each : table) {
      if (part == each.hugging_face) return "blk." + name.substr(layer, begin - layer) + each.gguf + name.substr(name.rfind('.'));
    }
  }
  fail("E_UNSUPPORTED", "The tensor " + name + " has no name in GGUF files.");
}

int64_t gguf_heads(const ModelConfig& config, const std::string& name) {
  if (!row_of(config).neighbours) return 0;
  if (name.find(".q_proj.") != std::string::npos) return config.heads;
  return name.find(".k_proj.") != std::string::npos ? config.kv_heads : 0;
}

int64_t gguf_source_row(int64_t row, int64_t rows, int64_t heads) {
  if (heads == 0) return row;
  const int64_t dim = rows / heads, within = row % dim;
  return row - within + within % 2 * (dim / 2) + within / 2;
}

bool gguf_adds_one(const ModelConfig& config, const std::string& name) { return config.gains_around_zero && name.ends_with("norm.weight"); }

int64_t gguf_context(const ModelConfig& config) {
  const bool unknown = config.sliding_window > 0 && row_of(config).full_layer_every == 0;
  return unknown ? std::min(config.max_positions, config.sliding_window) : config.max_positions;
}

GgufMetadata gguf_shape(const ModelConfig& c) {
  const Row& row = row_of(c);
  GgufMetadata metadata;
  const std::string prefix = std::string(row.architecture) + ".";
  const auto count = [&](const char* key, int64_t value) { metadata.emplace_back(prefix + key, static_cast<uint32_t>(value)); };
  const auto number = [&](const char* key, double value) { metadata.emplace_back(prefix + key, static_cast<float>(value)); };
  count("context_length", gguf_context(c));
  count("embedding_length", c.hidden_size);
  count("block_count", c.layers);
  count("feed_forward_length", c.intermediate_size);
  count("attention.head_count", c.heads);
  count("attention.head_count_kv", c.kv_heads);
  count("attention.key_length", c.head_dim);
  count("attention.value_length", c.head_dim);
  number("attention.layer_norm_rms_epsilon", c.rms_epsilon);
  count("rope.dimension_count", c.rotary_dim());
  number("rope.freq_base", c.rope_theta);
  if (c.rope_scaling == "linear") {
    metadata.emplace_back(prefix + "rope.scaling.type", std::string("linear"));
    number("rope.scaling.factor", c.rope_factor);
  }
  if (row.longrope) count("rope.scaling.original_context_length", c.rope_original_positions);
  if (c.rope_scaling == "longrope") number("rope.scaling.attn_factor", rotary_amplitude(c));
  if (row.says_window) count("attention.sliding_window", c.sliding_window);
  if (row.attention_softcap) number("attn_logit_softcapping", c.attention_softcap);
  if (row.final_softcap) number("final_logit_softcapping", c.final_softcap);
  count("vocab_size", c.vocab_size);
  return metadata;
}

std::vector<std::pair<std::string, std::vector<float>>> gguf_rotary_tensors(const ModelConfig& config) {
  if (config.rope_scaling == "longrope") {
    const auto floats = [](const std::vector<double>& factors) { return std::vector<float>(factors.begin(), factors.end()); };
    return {{"rope_factors_long.weight", floats(config.rope_long_factors)}, {"rope_factors_short.weight", floats(config.rope_short_factors)}};
  }
  if (config.rope_scaling != "llama3") return {};
  ModelConfig plain = config;
  plain.rope_scaling = "none";
  std::vector<float> divisors = rotary_inverse_frequencies(plain);
  const std::vector<float> scaled = rotary_inverse_frequencies(config);
  for (size_t i = 0; i < divisors.size(); ++i) divisors[i] /= scaled[i];
  return {{"rope_freqs.weight", std::move(divisors)}};
}

}  // namespace rankwise
