#include "model/gguf_source.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "core/error.h"
#include "io/file_names.h"
#include "io/float_formats.h"
#include "model/fused_modules.h"
#include "model/model.h"
#include "ops/host_access.h"

namespace rankwise {
namespace {

// What a part of a layer is in Hugging Face's files: more than one where theirs is fused. Empty where the architecture has no such part.
std::vector<std::string> modules_of(const std::string& part, const ModelConfig& config) {
  using Parts = std::map<std::string, std::vector<std::string>>;
  static const Parts all = {{"attn_norm", {"input_layernorm"}},    {"attn_q", {"self_attn.q_proj"}},      {"attn_k", {"self_attn.k_proj"}},
                            {"attn_v", {"self_attn.v_proj"}},      {"attn_output", {"self_attn.o_proj"}}, {"attn_q_norm", {"self_attn.q_norm"}},
                            {"attn_k_norm", {"self_attn.k_norm"}}, {"ffn_gate", {"mlp.gate_proj"}},       {"ffn_up", {"mlp.up_proj"}},
                            {"ffn_down", {"mlp.down_proj"}},       {"ffn_norm", {"post_attention_layernorm"}}};
  static const Parts after = {{"post_attention_norm", {"post_attention_layernorm"}},
                              {"ffn_norm", {"pre_feedforward_layernorm"}},
                              {"post_ffw_norm", {"post_feedforward_layernorm"}}};
  static const Parts fused = {{"attn_qkv", {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"}}, {"ffn_up", {"mlp.gate_proj", "mlp.up_proj"}}};
  static const Parts none;
  const Parts& own = config.model_type == "phi3" ? fused : config.norm_after ? after : none;
  for (const Parts* parts : {&own, &all}) {
    if (const auto found = parts->find(part); found != parts->end()) return found->second;
  }
  return {};
}

class GgufSource : public WeightSource {
 public:
  explicit GgufSource(const std::string& path) : file_(path) {
    const ModelConfig config = gguf_model_config(file_);
    for (const GgufTensor& tensor : file_.tensors()) {
      if (gguf_is_rotary(tensor.name, config)) continue;
      for (const GgufOrigin& origin : gguf_origins(tensor.name, config)) tensors_.emplace(origin.name, Found{&tensor, origin});
    }
  }

  void fill(const Context& context, const std::string& name, const View& to, bool vector) const override {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) fail("E_TENSOR", "The GGUF file has no tensor for " + name + ".", "Download or export it again.");
    const auto& [tensor, origin] = found->second;
    const auto rows = static_cast<uint64_t>(to.rows), cols = static_cast<uint64_t>(to.cols);
    if (tensor->dims != origin.dims(to.rows, to.cols, vector)) {
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
      if (origin.holds_one_more) std::for_each(row.begin(), row.end(), [](float& gain) { gain -= 1.0f; });
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

std::vector<uint64_t> GgufOrigin::dims(int64_t rows, int64_t cols, bool vector) const {
  if (vector) return {static_cast<uint64_t>(cols)};
  return {static_cast<uint64_t>(cols), static_cast<uint64_t>(of_rows ? of_rows : rows)};
}

int64_t GgufOrigin::file_row(int64_t row, int64_t rows) const {
  if (heads == 0) return first_row + row;
  const int64_t dim = rows / heads, head = row / dim, within = row % dim, half = dim / 2;
  return head * dim + (within < half ? 2 * within : 2 * (within - half) + 1);
}

std::vector<GgufOrigin> gguf_origins(const std::string& tensor_name, const ModelConfig& config) {
  static const std::map<std::string, std::string> whole = {
      {"token_embd.weight", "model.embed_tokens.weight"}, {"output_norm.weight", "model.norm.weight"}, {"output.weight", "lm_head.weight"}};
  const auto origin = [&](const std::string& name, int64_t heads) {
    GgufOrigin one{name, heads};
    one.holds_one_more = config.gains_around_zero && name.ends_with("norm.weight");
    return one;
  };
  if (const auto found = whole.find(tensor_name); found != whole.end()) return {origin(found->second, 0)};
  const size_t first = tensor_name.find('.'), second = tensor_name.find('.', first + 1), last = tensor_name.rfind('.');
  const bool block = first == 3 && tensor_name.starts_with("blk.") && second != std::string::npos && last > second;
  const std::string part = block ? tensor_name.substr(second + 1, last - second - 1) : "", kind = block ? tensor_name.substr(last) : "";
  const std::vector<std::string> modules = modules_of(part, config);
  if (modules.empty() || (kind != ".weight" && (kind != ".bias" || modules.size() > 1))) {
    fail("E_UNSUPPORTED", "The GGUF file has the tensor " + quote_name(tensor_name) + ", which is none of the model's.", "Use a Llama, Mistral, Qwen, Phi-3, OLMo2 or Gemma (text) model.");
  }
  const bool neighbours = config.model_type == "llama" || config.model_type == "mistral";
  const int64_t heads = !neighbours ? 0 : part == "attn_q" ? config.heads : part == "attn_k" ? config.kv_heads : 0;
  std::vector<GgufOrigin> origins;
  for (const std::string& module : modules) {
    origins.push_back(origin("model.layers." + tensor_name.substr(first + 1, second - first - 1) + "." + module + kind, heads));
    const FilePlace place = place_in_files(config, module);
    origins.back().first_row = place.first_row;
    origins.back().of_rows = place.rows;
  }
  return origins;
}

std::unique_ptr<WeightSource> gguf_source(const std::string& path) { return std::make_unique<GgufSource>(path); }

}  // namespace rankwise
