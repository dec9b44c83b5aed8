#include "model/gguf_source.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/file_names.h"
#include "io/float_formats.h"
#include "model/model.h"
#include "ops/host_access.h"

namespace rankwise {
namespace {

using nlohmann::json;

const GgufValue* find_key(const GgufFile& file, const std::string& key) {
  for (const auto& [name, value] : file.metadata()) {
    if (name == key) return &value;
  }
  return nullptr;
}

// A number or text as JSON, whatever its width; null where the key is missing or holds something else.
json scalar(const GgufFile& file, const std::string& key) {
  const GgufValue* value = find_key(file, key);
  if (!value) return nullptr;
  return std::visit(
      []<class T>(const T& held) -> json {
        if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) return held;
        else return nullptr;
      },
      *value);
}

json required(const GgufFile& file, const std::string& key) {
  json value = scalar(file, key);
  if (value.is_null()) fail("E_GGUF", "The GGUF file has no key " + quote_name(key) + ".", "Download or export it again.");
  return value;
}

std::string text_or(const GgufFile& file, const std::string& key, const std::string& absent) {
  const json value = scalar(file, key);
  return value.is_string() ? value.get<std::string>() : absent;
}

const GgufTensor& required_tensor(const GgufFile& file, const std::string& name) {
  const GgufTensor* tensor = file.find(name);
  if (!tensor) fail("E_TENSOR", "The GGUF file has no tensor " + name + ".", "Download or export it again.");
  return *tensor;
}

json shape_of(const GgufFile& file, const std::string& arch) {
  const auto of = [&](const char* key) { return required(file, arch + "." + key); };
  json config = {{"model_type", arch},
                 {"hidden_size", of("embedding_length")},
                 {"num_hidden_layers", of("block_count")},
                 {"intermediate_size", of("feed_forward_length")},
                 {"num_attention_heads", of("attention.head_count")},
                 {"max_position_embeddings", of("context_length")},
                 {"rms_norm_eps", of("attention.layer_norm_rms_epsilon")},
                 {"tie_word_embeddings", file.find("output.weight") == nullptr},
                 {"bos_token_id", scalar(file, "tokenizer.ggml.bos_token_id")},
                 {"eos_token_id", scalar(file, "tokenizer.ggml.eos_token_id")}};
  const GgufTensor& embedding = required_tensor(file, "token_embd.weight");
  config["vocab_size"] = embedding.dims.size() == 2 ? embedding.dims[1] : 0;
  const auto maybe = [&](const char* key, const char* from) {
    const json value = scalar(file, arch + "." + from);
    if (!value.is_null()) config[key] = value;
  };
  maybe("num_key_value_heads", "attention.head_count_kv");
  maybe("head_dim", "attention.key_length");
  maybe("rope_theta", "rope.freq_base");
  if (!config.contains("num_key_value_heads")) config["num_key_value_heads"] = config["num_attention_heads"];
  if (!config.contains("head_dim")) config["head_dim"] = nullptr;
  const std::string scaling = text_or(file, arch + ".rope.scaling.type", "none");
  if (scaling != "none") config["rope_scaling"] = {{"rope_type", scaling}, {"factor", of("rope.scaling.factor")}};
  return config;
}

std::vector<float> divisors_of(const GgufFile& file, int64_t head_dim) {
  const GgufTensor* tensor = file.find("rope_freqs.weight");
  if (!tensor) return {};
  if (tensor->type != GgmlType::f32 || tensor->elements() != static_cast<uint64_t>(head_dim / 2)) {
    fail("E_TENSOR", "The GGUF file's rope_freqs.weight does not have one number for each pair of a head.", "Download or export it again.");
  }
  std::vector<float> divisors(tensor->elements());
  std::memcpy(divisors.data(), file.data(*tensor), tensor->bytes);
  if (!std::all_of(divisors.begin(), divisors.end(), [](float each) { return each >= 1e-6f && each <= 1e6f; })) {
    fail("E_TENSOR", "The GGUF file's rope_freqs.weight has numbers out of range.", "Download or export it again.");
  }
  return divisors;
}

class GgufSource : public WeightSource {
 public:
  explicit GgufSource(const std::string& path) : file_(path) {
    const ModelConfig config = gguf_model_config(file_);
    const bool llama = text_or(file_, "general.architecture", "") == "llama";
    for (const GgufTensor& tensor : file_.tensors()) {
      if (tensor.name == "rope_freqs.weight") continue;
      GgufOrigin origin = gguf_origin(tensor.name, config, llama);
      const std::string name = origin.name;
      tensors_.emplace(name, Found{&tensor, std::move(origin)});
    }
  }

  void fill(const Context& context, const std::string& name, const View& to, bool vector) const override {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) fail("E_TENSOR", "The GGUF file has no tensor for " + name + ".", "Download or export it again.");
    const auto& [tensor, origin] = found->second;
    const auto rows = static_cast<uint64_t>(to.rows), cols = static_cast<uint64_t>(to.cols);
    if (tensor->dims != (vector ? std::vector<uint64_t>{cols} : std::vector<uint64_t>{cols, rows})) {
      fail("E_TENSOR", "The GGUF file's " + tensor->name + " does not have the shape of the model's.", "Download or export it again.");
    }
    const GgmlBlock block = block_of(tensor->type);
    // Vectors of q and k move value by value, and no block can be taken apart.
    const uint64_t width = vector && origin.heads > 0 ? 1 : cols, count = rows * cols / width, row_bytes = width / block.elements * block.bytes;
    if (width % block.elements != 0) fail("E_UNSUPPORTED", "The GGUF file's " + tensor->name + " has a type that a vector cannot have here.");
    if (!context.arena.real()) return;
    const auto* bytes = static_cast<const unsigned char*>(file_.data(*tensor));
    HostWrite values(context, to);
    std::vector<float> row(width);
    for (uint64_t i = 0; i < count; ++i) {
      const auto at = static_cast<uint64_t>(origin.file_row(static_cast<int64_t>(i), static_cast<int64_t>(count)));
      dequantize_blocks(tensor->type, bytes + at * row_bytes, width, row.data());
      convert_floats(DType::f32, row.data(), to.dtype, static_cast<char*>(values.data()) + i * width * bytes_of(to.dtype), width);
    }
    values.done();
    file_.forget(*tensor);
  }

 private:
  struct Found {
    const GgufTensor* tensor;
    GgufOrigin origin;
  };
  GgufFile file_;
  std::map<std::string, Found> tensors_;
};

}  // namespace

bool is_gguf(const std::string& path) {
  if (!std::filesystem::is_regular_file(path)) return false;
  char magic[4] = {};
  std::ifstream(path, std::ios::binary).read(magic, 4);
  return std::memcmp(magic, "GGUF", 4) == 0;
}

int64_t GgufOrigin::file_row(int64_t row, int64_t rows) const {
  if (heads == 0) return row;
  const int64_t dim = rows / heads, head = row / dim, within = row % dim, half = dim / 2;
  return head * dim + (within < half ? 2 * within : 2 * (within - half) + 1);
}

GgufOrigin gguf_origin(const std::string& tensor_name, const ModelConfig& config, bool llama) {
  static const std::map<std::string, std::string> whole = {
      {"token_embd.weight", "model.embed_tokens.weight"}, {"output_norm.weight", "model.norm.weight"}, {"output.weight", "lm_head.weight"}};
  static const std::map<std::string, std::string> parts = {
      {"attn_norm", "input_layernorm"},      {"ffn_norm", "post_attention_layernorm"}, {"attn_q", "self_attn.q_proj"},       {"attn_k", "self_attn.k_proj"},
      {"attn_v", "self_attn.v_proj"},        {"attn_output", "self_attn.o_proj"},      {"attn_q_norm", "self_attn.q_norm"},  {"attn_k_norm", "self_attn.k_norm"},
      {"ffn_gate", "mlp.gate_proj"},         {"ffn_up", "mlp.up_proj"},                {"ffn_down", "mlp.down_proj"}};
  if (const auto found = whole.find(tensor_name); found != whole.end()) return {found->second, 0};
  const size_t first = tensor_name.find('.'), second = tensor_name.find('.', first + 1), last = tensor_name.rfind('.');
  const bool block = first == 3 && tensor_name.starts_with("blk.") && second != std::string::npos && last > second;
  const auto part = block ? parts.find(tensor_name.substr(second + 1, last - second - 1)) : parts.end();
  const std::string kind = block ? tensor_name.substr(last) : "";
  if (part == parts.end() || (kind != ".weight" && kind != ".bias")) {
    fail("E_UNSUPPORTED", "The GGUF file has the tensor " + quote_name(tensor_name) + ", which is none of the model's.", "Use a Llama, Mistral, Qwen2 or Qwen3 model.");
  }
  int64_t heads = 0;
  if (llama && part->first == "attn_q") heads = config.heads;
  if (llama && part->first == "attn_k") heads = config.kv_heads;
  return {"model.layers." + tensor_name.substr(first + 1, second - first - 1) + "." + part->second + kind, heads};
}

ModelConfig gguf_model_config(const GgufFile& file) {
  const std::string arch = text_or(file, "general.architecture", "");
  if (arch != "llama" && arch != "qwen2" && arch != "qwen3") {
    fail("E_UNSUPPORTED", "The GGUF file holds a model of the architecture " + quote_name(arch) + ", which is not supported.", "Use a Llama, Mistral, Qwen2 or Qwen3 model.");
  }
  ModelConfig config = parse_model_config(shape_of(file, arch).dump(-1, ' ', false, json::error_handler_t::replace));
  config.qkv_bias = file.find("blk.0.attn_q.bias") != nullptr;
  config.output_bias = file.find("blk.0.attn_output.bias") != nullptr;
  config.mlp_bias = file.find("blk.0.ffn_gate.bias") != nullptr;
  config.qk_norm = file.find("blk.0.attn_q_norm.weight") != nullptr;
  config.rope_divisors = divisors_of(file, config.head_dim);
  return config;
}

std::unique_ptr<WeightSource> gguf_source(const std::string& path) { return std::make_unique<GgufSource>(path); }

}  // namespace rankwise
