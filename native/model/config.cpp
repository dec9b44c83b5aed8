#include "model/config.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "io/file_names.h"
#include "io/strict_json.h"
#include "model/families.h"

namespace rankwise {
namespace {

using nlohmann::json;

constexpr const char* kWhat = "The model's config.json";
constexpr const char* kHint = "Download the model again, or use another one.";

// Upper bounds far beyond any model, and small enough that no product of sizes leaves 63 bits: the largest matrix has 2^44
// elements, the model fewer than 2^12 layers × 2^47.
constexpr int64_t kMostVocabulary = int64_t{1} << 24;
constexpr int64_t kMostWidth = int64_t{1} << 20;
constexpr int64_t kMostLayers = 4096;
constexpr int64_t kMostHeads = 4096;
constexpr int64_t kMostHeadDim = 4096;
constexpr int64_t kMostPositions = int64_t{1} << 26;
constexpr int64_t kMostTokenId = std::numeric_limits<int32_t>::max();

[[noreturn]] void refuse(const std::string& fault) { fail("E_CONFIG", std::string(kWhat) + " " + fault + ".", kHint); }

[[noreturn]] void unsupported(const std::string& feature, const std::string& hint = "Use a Llama, Mistral, Qwen2, Qwen3, Phi-3, OLMo2 or Gemma (text) model.") {
  fail("E_UNSUPPORTED", "This model uses " + feature + ", which is not supported.", hint);
}

// The members of one JSON object by name, with their types and ranges; null counts as absent, as it does in transformers.
class Members {
 public:
  explicit Members(const json& object) : object_(object) {}

  const json* find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  bool declared_null(const char* key) const {
    const auto found = object_.find(key);
    return found != object_.end() && found->is_null();
  }

  int64_t integer(const char* key, int64_t absent, int64_t least, int64_t most) const {
    const json* value = find(key);
    if (!value) return absent;
    return checked_integer(key, *value, least, most);
  }

  int64_t required_integer(const char* key, int64_t most) const {
    if (!find(key)) refuse("has no " + std::string(key));
    return integer(key, 0, 1, most);
  }

  double number(const char* key, double absent, double least, double most) const {
    const json* value = find(key);
    if (!value) return absent;
    if (!value->is_number()) refuse(std::string("has a ") + key + " that is not a number");
    const double number = value->get<double>();
    if (!(number >= least && number <= most)) refuse(std::string("has a ") + key + " out of range");
    return number;
  }

  double required_number(const char* key, double least, double most) const {
    if (!find(key)) refuse("has a rotary scaling without " + std::string(key));
    return number(key, 0, least, most);
  }

  bool boolean(const char* key, bool absent) const {
    const json* value = find(key);
    if (!value) return absent;
    if (!value->is_boolean()) refuse(std::string("has a ") + key + " that is not true or false");
    return value->get<bool>();
  }

  std::string text(const char* key, const std::string& absent) const {
    const json* value = find(key);
    if (!value) return absent;
    if (!value->is_string()) refuse(std::string("has a ") + key + " that is not a string");
    return value->get<std::string>();
  }

  static int64_t checked_integer(const char* key, const json& value, int64_t least, int64_t most) {
    if (!value.is_number_integer()) refuse(std::string("has a ") + key + " that is not a whole number");
    const bool too_large = value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(most);
    if (too_large || value.get<int64_t>() < least || value.get<int64_t>() > most) refuse(std::string("has a ") + key + " out of range");
    return value.get<int64_t>();
  }

 private:
  const json& object_;
};

// Gemma's first files say "gelu" in hidden_act and mean its tanh approximation; hidden_activation, which came later, says what it means.
void refuse_other_activations(const Family& family, const Members& members) {
  const auto only = [&](const char* key, const std::string& known, const std::string& also) {
    const std::string name = members.text(key, known);
    if (name != known && name != also) unsupported("the activation " + quote_name(name) + " (" + key + ")");
  };
  if (family.activation == std::string("silu")) return only("hidden_act", "silu", "silu");
  only("hidden_act", "gelu_pytorch_tanh", "gelu");
  only("hidden_activation", "gelu_pytorch_tanh", "gelu_pytorch_tanh");
}

void refuse_foreign_features(const Members& members) {
  const std::string type = members.text("model_type", "");
  if (type.empty()) refuse("has no model_type");
  for (const char* key : {"num_local_experts", "num_experts", "n_routed_experts"}) {
    if (members.integer(key, 0, 0, kMostTokenId) > 0) unsupported("a mixture of experts (" + std::string(key) + ")");
  }
  if (!family_of(type)) unsupported("the architecture " + quote_name(type));
  if (members.find("quantization_config")) {
    unsupported("weights that are already quantized (quantization_config)", "Use the original model in float32, bfloat16 or float16.");
  }
  if (members.boolean("use_bidirectional_attention", false)) unsupported("attention in both directions (use_bidirectional_attention)");
}

// The kinds of the layers where config.json lists them: true = within the window. Empty where it does not.
std::vector<bool> read_layer_types(const ModelConfig& config, const Members& members) {
  const json* list = members.find("layer_types");
  if (!list) return {};
  if (!list->is_array()) refuse("has layer_types that are not a list");
  std::vector<bool> sliding;
  for (const json& type : *list) {
    if (type != "sliding_attention" && type != "full_attention") unsupported("layers of different kinds (layer_types)");
    sliding.push_back(type == "sliding_attention");
  }
  if (static_cast<int64_t>(sliding.size()) != config.layers) refuse("has layer_types for another number of layers");
  return sliding;
}

// Mistral and Phi-3 have a window in every layer or in none (transformers does not look at their layer_types), Qwen in those that
// layer_types says, else from max_window_layers on; Gemma 2 and 3 in those, else in all but every so manyth.
void read_sliding_window(ModelConfig& config, const Family& family, const Members& members) {
  std::vector<bool> sliding = read_layer_types(config, members);
  const auto all = static_cast<size_t>(config.layers);
  if (config.model_type == "mistral" || config.model_type == "phi3") {
    // Mistral's own default is a window of 4096; a null turns it off.
    const int64_t absent = config.model_type == "mistral" && !members.declared_null("sliding_window") ? 4096 : 0;
    config.sliding_window = members.integer("sliding_window", absent, 1, kMostTokenId);
    sliding.assign(all, true);
  } else if (config.model_type.starts_with("qwen")) {
    const bool in_use = members.boolean("use_sliding_window", false) && !members.declared_null("sliding_window");
    const int64_t from = members.integer("max_window_layers", 28, 0, kMostTokenId);
    if (sliding.empty()) {
      for (int64_t layer = 0; layer < config.layers; ++layer) sliding.push_back(in_use && layer >= from);
    }
    const bool any = std::find(sliding.begin(), sliding.end(), true) != sliding.end();
    if (any && !in_use) refuse("has layer_types with a sliding window that use_sliding_window turns off");
    if (any) config.sliding_window = members.integer("sliding_window", 4096, 1, kMostTokenId);
  } else if (family.full_layer_every > 0) {
    const int64_t every = members.integer("sliding_window_pattern", family.full_layer_every, 1, kMostLayers);
    for (int64_t layer = 0; sliding.size() < all; ++layer) sliding.push_back((layer + 1) % every != 0);
    if (std::find(sliding.begin(), sliding.end(), true) != sliding.end()) {
      if (members.declared_null("sliding_window")) refuse("has layers with a sliding window but no sliding_window");
      config.sliding_window = members.integer("sliding_window", 4096, 1, kMostTokenId);
    }
  } else if (std::find(sliding.begin(), sliding.end(), true) != sliding.end()) {
    unsupported("attention within a sliding window in an architecture that has none (layer_types)");
  }
  if (config.sliding_window > 0) config.sliding_layers = std::move(sliding);
}

// What Gemma 2 and 3 do to scores and logits. A null turns a cap off.
void read_scores(ModelConfig& config, const Family& family, const Members& members) {
  if (family.query_scalar == 0) return;
  const auto cap = [&](const char* key, double absent) {
    return members.declared_null(key) ? 0.0f : static_cast<float>(members.number(key, absent, 1e-3, 1e6));
  };
  config.query_scalar = members.number("query_pre_attn_scalar", family.query_scalar, 1e-3, 1e9);
  config.attention_softcap = cap("attn_logit_softcapping", family.attention_softcap);
  config.final_softcap = cap("final_logit_softcapping", family.final_softcap);
  // transformers keeps the key for Gemma 3 and does not do it.
  if (config.attention_softcap > 0 && family.attention_softcap == 0) unsupported("soft-capping of attention scores in Gemma 3 (attn_logit_softcapping)");
}

// Gemma 3 has rotary settings for either kind of layer: version 5 writes them by kind, version 4 scaled those of the layers without a
// window and had one base for the others. Returns what read_rope takes for the former.
json read_local_rope(ModelConfig& config, const Family& family, const Members& members) {
  json full = json::object(), local = json::object();
  if (const json* kinds = members.find("rope_parameters")) {
    if (!kinds->is_object()) refuse("has rope_parameters that are not an object");
    for (const auto& [key, value] : kinds->items()) {
      if (!value.is_object() || (key != "full_attention" && key != "sliding_attention")) refuse("has rope_parameters that are not by kind of layer");
      (key == "full_attention" ? full : local) = value;
    }
  }
  if (const json* scaling = members.find("rope_scaling")) {
    if (!scaling->is_object()) refuse("has a rope_scaling that is not an object");
    full.update(*scaling);
  }
  const Members rope(local);
  const double absent = members.number("rope_local_base_freq", family.local_rope_theta, 1.0, 1e15);
  config.local_rope_theta = rope.number("rope_theta", absent, 1.0, 1e15);
  const std::string type = rope.text("rope_type", rope.text("type", "default"));
  if (type != "default") unsupported("the rotary scaling " + quote_name(type) + " of layers with a window (rope_type)");
  return full;
}

void read_longrope(ModelConfig& config, const Members& members, const Members& rope) {
  const auto factors = [&](const char* key) {
    const json* list = rope.find(key);
    if (!list || !list->is_array()) refuse(std::string("has a longrope scaling without ") + key);
    std::vector<double> values;
    for (const json& item : *list) {
      if (!item.is_number() || !(item.get<double>() >= 1e-6 && item.get<double>() <= 1e6)) refuse(std::string("has a ") + key + " out of range");
      values.push_back(item.get<double>());
    }
    if (static_cast<int64_t>(values.size()) != config.rotary_dim() / 2) refuse(std::string("has a ") + key + " that does not fit its heads");
    return values;
  };
  config.rope_scaling = "longrope";
  config.rope_short_factors = factors("short_factor");
  config.rope_long_factors = factors("long_factor");
  config.rope_factor = rope.number("factor", 0.0, 0.0, 1e6);
  config.rope_attention_factor = rope.number("attention_factor", 0.0, 0.0, 1e6);
}

void read_rope(ModelConfig& config, const Family& family, const Members& members) {
  // transformers 5 writes rope_parameters; version 4 wrote rope_theta and rope_scaling, which win where both stand.
  const json* scaling = members.find("rope_scaling");
  if (!scaling || scaling->empty()) scaling = members.find("rope_parameters");
  json own = json::object();
  if (family.local_rope_theta > 0) {
    own = read_local_rope(config, family, members);
    scaling = &own;
  }
  if (!scaling) scaling = &own;
  if (!scaling->is_object()) refuse("has rope_parameters that are not an object");
  for (const auto& [key, value] : scaling->items()) {
    if (value.is_object()) unsupported("rotary settings that differ by layer (rope_parameters)");
  }
  const Members rope(*scaling);
  config.rope_theta = rope.number("rope_theta", members.number("rope_theta", family.rope_theta, 1.0, 1e15), 1.0, 1e15);
  const bool phi = config.model_type == "phi3";
  config.partial_rotary_factor = rope.number("partial_rotary_factor", members.number("partial_rotary_factor", 1.0, 0.0, 1.0), 0.0, 1.0);
  if (config.partial_rotary_factor != 1.0 && !phi) unsupported("rotation of a part of each head (partial_rotary_factor)");
  if (config.rotary_dim() < 2 || config.rotary_dim() % 2 != 0) refuse("has a partial_rotary_factor that leaves no pairs to rotate");
  // transformers looks for it beside Phi-3's rotary settings alone.
  if (phi) config.rope_original_positions = members.integer("original_max_position_embeddings", 4096, 2, kMostPositions);
  const std::string type = rope.text("rope_type", rope.text("type", "default"));
  if (type == "default") return;
  if (phi && (type == "longrope" || type == "su")) return read_longrope(config, members, rope);  // "su" is what it was called first
  if (phi || (type != "linear" && type != "llama3")) unsupported("the rotary scaling " + quote_name(type) + " (rope_type)");
  config.rope_scaling = type;
  config.rope_factor = rope.required_number("factor", 1.0, 1e6);
  if (type == "linear") return;
  config.rope_low_frequency_factor = rope.required_number("low_freq_factor", 1e-6, 1e6);
  config.rope_high_frequency_factor = rope.required_number("high_freq_factor", 1e-6, 1e6);
  if (config.rope_high_frequency_factor <= config.rope_low_frequency_factor) refuse("has a high_freq_factor not above its low_freq_factor");
  const char* original = "original_max_position_embeddings";  // beside the rotary settings, it wins over the one within
  const int64_t within = rope.integer(original, config.max_positions, 1, kMostPositions);
  config.rope_original_positions = members.integer(original, within, 1, kMostPositions);
}

// Ids that the vocabulary does not have can never occur: they are left out. So are the defaults of a family that do not fit.
void read_token_ids(ModelConfig& config, const Family& family, const json& root) {
  const auto keep = [&](int64_t id) { return id >= 0 && id < config.vocab_size; };
  const auto value_of = [&](const char* key, int64_t absent) {
    if (root.contains(key)) return root[key];
    return absent < 0 ? json() : json(absent);
  };
  const auto id_of = [&](const char* key, const json& value) { return Members::checked_integer(key, value, 0, kMostTokenId); };
  const json bos = value_of("bos_token_id", family.bos_id);
  if (!bos.is_null()) {
    const int64_t id = id_of("bos_token_id", bos);
    if (keep(id)) config.bos_id = id;
  }
  json eos = value_of("eos_token_id", family.eos_id);
  if (eos.is_null()) return;
  if (!eos.is_array()) eos = json::array({eos});
  for (const json& item : eos) {
    const int64_t id = id_of("eos_token_id", item);
    if (keep(id)) config.eos_ids.push_back(id);
  }
}

void read_heads(ModelConfig& config, const Family& family, const json& root, const Members& members) {
  config.heads = members.required_integer("num_attention_heads", kMostHeads);
  const bool kv_absent = !root.contains("num_key_value_heads") && family.kv_heads > 0;
  config.kv_heads = members.integer("num_key_value_heads", kv_absent ? family.kv_heads : config.heads, 1, kMostHeads);
  if (config.heads % config.kv_heads != 0) refuse("has heads that cannot be shared out among its key-value heads");
  const bool dim_absent = !root.contains("head_dim") && family.head_dim > 0;
  config.head_dim = members.integer("head_dim", dim_absent ? family.head_dim : 0, 1, kMostHeadDim);
  if (config.head_dim == 0) {
    if (config.hidden_size % config.heads != 0) refuse("has a hidden_size that is not a multiple of its heads");
    config.head_dim = config.hidden_size / config.heads;
    if (config.head_dim > kMostHeadDim) refuse("has heads that are too wide");
  }
  if (config.head_dim % 2 != 0) refuse("has an odd head_dim, which cannot be rotated in pairs");
}

void read_biases(ModelConfig& config, const Family& family, const Members& members) {
  if (family.attention_bias) config.qkv_bias = config.output_bias = members.boolean("attention_bias", false);
  if (family.mlp_bias) config.mlp_bias = members.boolean("mlp_bias", false);
}

}  // namespace

ModelConfig parse_model_config(const std::string& json_text) {
  const json root = parse_strict_json(json_text, kWhat, "E_CONFIG", kHint);
  if (!root.is_object()) refuse("is not a JSON object");
  const Members members(root);
  refuse_foreign_features(members);
  ModelConfig config;
  config.model_type = members.text("model_type", "");
  const Family& family = *family_of(config.model_type);
  config.vocab_size = members.required_integer("vocab_size", kMostVocabulary);
  config.hidden_size = members.required_integer("hidden_size", kMostWidth);
  config.intermediate_size = members.required_integer("intermediate_size", kMostWidth);
  config.layers = members.required_integer("num_hidden_layers", kMostLayers);
  config.max_positions = members.integer("max_position_embeddings", family.max_positions, 1, kMostPositions);
  read_heads(config, family, root, members);
  config.rms_epsilon = static_cast<float>(members.number("rms_norm_eps", family.rms_epsilon, 1e-12, 1.0));
  config.initializer_range = static_cast<float>(members.number("initializer_range", 0.02, 0.0, 1.0));
  config.tied_head = members.boolean("tie_word_embeddings", family.tied_head);
  set_family_features(family, config);
  refuse_other_activations(family, members);
  read_biases(config, family, members);
  read_scores(config, family, members);
  read_rope(config, family, members);
  read_sliding_window(config, family, members);
  read_token_ids(config, family, root);
  return config;
}

}  // namespace rankwise
