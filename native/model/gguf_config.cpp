#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"
#include "io/file_names.h"
#include "model/gguf_source.h"

namespace rankwise {
namespace {

using nlohmann::json;

// The keys of one architecture.
class Keys {
 public:
  Keys(const GgufFile& file, std::string architecture) : file_(file), prefix_(std::move(architecture) + ".") {}

  // A number or text as JSON, whatever its width; null where the key is missing.
  json find(const std::string& key) const { return whole(prefix_ + key); }
  json whole(const std::string& key) const {
    for (const auto& [name, value] : file_.metadata()) {
      if (name == key) return std::visit([&](const auto& held) { return scalar(key, held); }, value);
    }
    return nullptr;
  }
  json required(const std::string& key) const {
    json value = find(key);
    if (value.is_null()) fail("E_GGUF", "The GGUF file has no key " + quote_name(prefix_ + key) + ".", "Download or export it again.");
    return value;
  }
  json or_else(const std::string& key, json absent) const {
    json value = find(key);
    return value.is_null() ? absent : value;
  }
  double number(const std::string& key, double absent) const {
    const json value = find(key);
    return value.is_number() ? value.get<double>() : absent;
  }

 private:
  template <class T>
  json scalar(const std::string& key, const T& held) const {
    if constexpr (std::is_same_v<T, float>) {
      if (std::isfinite(held)) return fewest_decimals(held);
    } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
      return held;
    }
    // A list says something by layer, which no architecture that is read here does; keys that nothing reads are not looked at.
    fail("E_UNSUPPORTED", "The GGUF file has a key " + quote_name(key) + " that is no number or text.", "Use the original model.");
  }

  const GgufFile& file_;
  std::string prefix_;
};

[[noreturn]] void unsupported(const std::string& feature) {
  fail("E_UNSUPPORTED", "The model in the GGUF file has " + feature + ", which is not supported.", "Use the original model.");
}

std::vector<float> factors_of(const GgufFile& file, const GgufTensor& tensor, int64_t pairs) {
  if (tensor.type != GgmlType::f32 || tensor.elements() != static_cast<uint64_t>(pairs)) {
    fail("E_TENSOR", "The GGUF file's " + tensor.name + " does not have one number for each pair of a head.", "Download or export it again.");
  }
  std::vector<float> factors(tensor.elements());
  std::memcpy(factors.data(), file.data(tensor), tensor.bytes);
  if (!std::all_of(factors.begin(), factors.end(), [](float each) { return each >= 1e-6f && each <= 1e6f; })) {
    fail("E_TENSOR", "The GGUF file's " + tensor.name + " has numbers out of range.", "Download or export it again.");
  }
  return factors;
}

// What every architecture says, as config.json has it.
json shape_of(const GgufFile& file, const Keys& keys) {
  const GgufTensor* embedding = file.find("token_embd.weight");
  if (!embedding) fail("E_TENSOR", "The GGUF file has no tensor token_embd.weight.", "Download or export it again.");
  const json heads = keys.required("attention.head_count");
  json config = {{"hidden_size", keys.required("embedding_length")},
                 {"num_hidden_layers", keys.required("block_count")},
                 {"intermediate_size", keys.required("feed_forward_length")},
                 {"num_attention_heads", heads},
                 {"num_key_value_heads", keys.or_else("attention.head_count_kv", heads)},
                 {"head_dim", keys.find("attention.key_length")},
                 {"max_position_embeddings", keys.required("context_length")},
                 {"rms_norm_eps", keys.required("attention.layer_norm_rms_epsilon")},
                 {"rope_theta", keys.or_else("rope.freq_base", 10000.0)},
                 {"vocab_size", embedding->dims.size() == 2 ? embedding->dims[1] : 0},
                 {"tie_word_embeddings", file.find("output.weight") == nullptr},
                 {"bos_token_id", keys.whole("tokenizer.ggml.bos_token_id")},
                 {"eos_token_id", keys.whole("tokenizer.ggml.eos_token_id")}};
  const json scaling = keys.or_else("rope.scaling.type", "none");
  if (scaling != "none" && scaling != "longrope") config["rope_scaling"] = {{"rope_type", scaling}, {"factor", keys.required("rope.scaling.factor")}};
  return config;
}

void read_nothing_more(const GgufFile&, const Keys&, json&) {}

void read_gemma2(const GgufFile&, const Keys& keys, json& config) {
  config["sliding_window"] = keys.or_else("attention.sliding_window", 4096);
  config["sliding_window_pattern"] = keys.or_else("attention.sliding_window_pattern", 2);
  config["attn_logit_softcapping"] = keys.or_else("attn_logit_softcapping", 50);
  config["final_logit_softcapping"] = keys.or_else("final_logit_softcapping", 30);
  if (keys.or_else("rope.freq_base_swa", config["rope_theta"]) != config["rope_theta"]) unsupported("another rotary base in its layers with a window");
}

void read_gemma3(const GgufFile&, const Keys& keys, json& config) {
  const json window = keys.or_else("attention.sliding_window", 0);
  config["sliding_window"] = window;
  config["sliding_window_pattern"] = keys.or_else("attention.sliding_window_pattern", 6);
  if (window == 0) config["sliding_window"] = config["sliding_window_pattern"] = 1;  // every layer is without
  config["rope_local_base_freq"] = keys.or_else("rope.freq_base_swa", 10000);
  config["final_logit_softcapping"] = keys.find("final_logit_softcapping");
}

void read_olmo2(const GgufFile&, const Keys& keys, json&) {
  if (keys.number("attention.sliding_window", 0) > 0) unsupported("layers with a sliding window");
}

void read_phi3(const GgufFile& file, const Keys& keys, json& config) {
  if (keys.number("attention.sliding_window", 0) > 0) config["sliding_window"] = keys.find("attention.sliding_window");
  config["original_max_position_embeddings"] = keys.or_else("rope.scaling.original_context_length", config["max_position_embeddings"]);
  const double width = keys.number("attention.key_length", keys.number("embedding_length", 0) / keys.number("attention.head_count", 1));
  const double rotated = keys.number("rope.dimension_count", width);
  double share = rotated / width;
  if (std::floor(share * width) < rotated) share = std::nextafter(share, 2.0);
  config["partial_rotary_factor"] = share;
  const GgufTensor *far = file.find("rope_factors_long.weight"), *near = file.find("rope_factors_short.weight");
  if (!far && !near) return;
  if (!far || !near) fail("E_TENSOR", "The GGUF file has rotary factors for short texts or for long ones alone.", "Download or export it again.");
  json scaling = {{"rope_type", "longrope"}, {"attention_factor", keys.or_else("rope.scaling.attn_factor", 1)}};
  if (!(keys.number("rope.scaling.attn_factor", 1) > 0)) fail("E_GGUF", "The GGUF file has a rope.scaling.attn_factor out of range.", "Download or export it again.");
  for (const auto& [key, tensor] : {std::pair{"short_factor", near}, std::pair{"long_factor", far}}) {
    for (const float each : factors_of(file, *tensor, static_cast<int64_t>(rotated / 2))) scaling[key].push_back(fewest_decimals(each));
  }
  config["rope_scaling"] = scaling;
}

struct Architecture {
  const char *name, *model_type;
  void (*read)(const GgufFile& file, const Keys& keys, json& config);
  bool divisors = false;      // rope_freqs.weight
  int64_t largest_layers = 0;  // see below
};
// Readers of Gemma 2 and 3 know by the number of layers which model it is, and scale the largest one's scores otherwise.
constexpr Architecture kArchitectures[] = {
    {"llama", "llama", read_nothing_more, true}, {"qwen2", "qwen2", read_nothing_more, true}, {"qwen3", "qwen3", read_nothing_more, true},
    {"phi3", "phi3", read_phi3},                 {"olmo2", "olmo2", read_olmo2},              {"gemma", "gemma", read_nothing_more},
    {"gemma2", "gemma2", read_gemma2, false, 46}, {"gemma3", "gemma3_text", read_gemma3, false, 62},
};

const Architecture& architecture_of(const GgufFile& file) {
  const json name = Keys(file, "general").find("architecture");
  for (const Architecture& each : kArchitectures) {
    if (name == each.name) return each;
  }
  const std::string quoted = quote_name(name.is_string() ? name.get<std::string>() : "");
  fail("E_UNSUPPORTED", "The GGUF file holds a model of the architecture " + quoted + ", which is not supported.",
       "Use a Llama, Mistral, Qwen2, Qwen3, Phi-3, OLMo2 or Gemma (text) model.");
}

}  // namespace

bool gguf_is_rotary(const std::string& tensor_name, const ModelConfig& config) {
  if (config.model_type == "phi3") return tensor_name == "rope_factors_long.weight" || tensor_name == "rope_factors_short.weight";
  const auto* found = std::find_if(std::begin(kArchitectures), std::end(kArchitectures), [&](const Architecture& each) { return config.model_type == each.model_type; });
  return tensor_name == "rope_freqs.weight" && found != std::end(kArchitectures) && found->divisors;
}

ModelConfig gguf_model_config(const GgufFile& file) {
  const Architecture& architecture = architecture_of(file);
  const Keys keys(file, architecture.name);
  json shape = shape_of(file, keys);
  shape["model_type"] = architecture.model_type;
  architecture.read(file, keys, shape);
  ModelConfig config = parse_model_config(shape.dump(-1, ' ', false, json::error_handler_t::replace));
  if (config.rope_scaling != "longrope" && keys.number("rope.scaling.attn_factor", 1) != 1) unsupported("scaled cosines and sines (rope.scaling.attn_factor)");
  if (config.query_scalar > 0) {
    const bool largest = architecture.largest_layers == config.layers;
    config.query_scalar = static_cast<double>(largest ? std::max<int64_t>(1, config.hidden_size / config.heads) : config.head_dim);
  }
  config.qkv_bias = file.find("blk.0.attn_q.bias") != nullptr;
  config.output_bias = file.find("blk.0.attn_output.bias") != nullptr;
  config.mlp_bias = file.find("blk.0.ffn_gate.bias") != nullptr;
  config.qk_norm |= file.find("blk.0.attn_q_norm.weight") != nullptr;
  if (const GgufTensor* divisors = file.find("rope_freqs.weight"); divisors && architecture.divisors) config.rope_divisors = factors_of(file, *divisors, config.head_dim / 2);
  return config;
}

}  // namespace rankwise
