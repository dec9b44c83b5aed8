#include "train/gguf_proof.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "core/error.h"
#include "io/files.h"
#include "model/gguf_families.h"
#include "model/gguf_source.h"
#include "model/rope_scaling.h"
#include "quant/half.h"

namespace rankwise {

using nlohmann::json;

namespace {

[[noreturn]] void differs(const std::string& what) {
  fail("E_RECEIPT", "The GGUF file that was written is not the model: " + what + ". It was not kept.", "This is a fault of the program, or of the disk or memory.");
}

void compare_shapes(const ModelConfig& is, const ModelConfig& has) {
  const auto same = [](bool equal, const char* what) {
    if (!equal) differs(std::string("its ") + what + " differs");
  };
  same(is.vocab_size == has.vocab_size && is.hidden_size == has.hidden_size && is.intermediate_size == has.intermediate_size, "width");
  same(is.layers == has.layers, "number of layers");
  same(is.heads == has.heads && is.kv_heads == has.kv_heads && is.head_dim == has.head_dim, "division into heads");
  same(is.max_positions == gguf_context(has), "context");
  same(is.rms_epsilon == has.rms_epsilon, "epsilon");
  same(is.tied_head == has.tied_head, "head");
  same(is.qkv_bias == has.qkv_bias && is.output_bias == has.output_bias && is.mlp_bias == has.mlp_bias && is.qk_norm == has.qk_norm, "biases or norms");
  same(is.norm_before == has.norm_before && is.norm_after == has.norm_after && is.qk_norm_whole == has.qk_norm_whole && is.gains_around_zero == has.gains_around_zero, "norms");
  same(is.activation == has.activation && is.scaled_embedding == has.scaled_embedding, "activation or embeddings");
  const auto scalar = [](const ModelConfig& c) { return c.query_scalar > 0 ? c.query_scalar : static_cast<double>(c.head_dim); };
  same(scalar(is) == scalar(has) && is.attention_softcap == has.attention_softcap && is.final_softcap == has.final_softcap, "scores");
  // Within its context, a file without windows is the same as the model.
  for (int64_t layer = 0; layer < is.layers; ++layer) {
    const int64_t window = is.window_of(layer), had = has.window_of(layer);
    same(window == had || (window == 0 && had >= is.max_positions), "windows");
  }
  const auto near = [&](double x, double y) { same(std::fabs(x - y) <= 1e-6 * std::fabs(y), "rotation"); };
  same(is.rotary_dim() == has.rotary_dim() && is.rope_long_factors.size() == has.rope_long_factors.size(), "rotation");
  const std::vector<float> a = rotary_inverse_frequencies(is), b = rotary_inverse_frequencies(has);
  for (size_t i = 0; i < a.size(); ++i) near(a[i], b[i]);
  for (size_t i = 0; i < is.rope_long_factors.size(); ++i) near(is.rope_long_factors[i], has.rope_long_factors[i]);
  near(rotary_amplitude(is), rotary_amplitude(has));
  near(is.local_rope_theta, has.local_rope_theta);
  same(is.rope_scaling != "longrope" || is.rope_original_positions == has.rope_original_positions, "original positions");
}

void compare_keys(const GgufMetadata& is, const GgufMetadata& has) {
  if (is.size() != has.size()) differs("it has " + std::to_string(is.size()) + " keys instead of " + std::to_string(has.size()));
  for (size_t i = 0; i < is.size(); ++i) {
    if (is[i].first != has[i].first || gguf_encoding(is[i].second) != gguf_encoding(has[i].second)) differs("its key " + has[i].first + " differs");
  }
}

// Whether no other number of the 16-bit type is closer, and of two equally close ones it is the even one.
bool correctly_rounded(GgmlType type, const unsigned char* stored, float value) {
  uint16_t bits;
  std::memcpy(&bits, stored, 2);
  const auto distance = [&](int magnitude) {
    const auto raw = static_cast<uint16_t>(magnitude);
    unsigned char bytes[2];
    put_half(raw, bytes);
    float number;
    dequantize_blocks(type, bytes, 1, &number);
    return std::fabs(static_cast<double>(number) - std::fabs(static_cast<double>(value)));
  };
  const int magnitude = bits & 0x7fff;
  if (std::signbit(value) != (bits >> 15 == 1)) return false;
  const double own = distance(magnitude), above = distance(magnitude + 1), below = magnitude ? distance(magnitude - 1) : own + 1;
  return own <= above && own <= below && (magnitude % 2 == 0 || (own < above && own < below));
}

struct Loss {
  double most = 0, squares = 0, all = 0;
  bool within = true;
  void add(const Loss& other) {
    most = std::max(most, other.most);
    squares += other.squares;
    all += other.all;
    within &= other.within;
  }
};

// One row of whole blocks as the file has it, against the model's.
Loss compare_row(GgmlType type, const unsigned char* stored, const float* values, uint64_t width, float* back) {
  const GgmlBlock block = block_of(type);
  dequantize_blocks(type, stored, width, back);
  Loss loss;
  for (uint64_t at = 0; at < width; at += block.elements) {
    const float bound = block.elements == 1 ? 0.0f : block_bound(type, values + at);
    for (uint64_t i = at; i < at + block.elements; ++i) {
      const float error = std::fabs(back[i] - values[i]);
      if (type == GgmlType::f32) loss.within &= std::memcmp(back + i, values + i, 4) == 0;
      else if (block.elements == 1) loss.within &= correctly_rounded(type, stored + 2 * i, values[i]);
      else loss.within &= std::isfinite(bound) && error <= bound;
      loss.most = std::max(loss.most, static_cast<double>(error));
      loss.squares += static_cast<double>(error) * error;
      loss.all += static_cast<double>(values[i]) * values[i];
    }
  }
  return loss;
}

Loss compare_tensor(const Context& context, ThreadPool& pool, const StreamedModel& model, const GgufFile& file, const GgufTensor& tensor, const GgufOrigin& origin) {
  const StreamedModel::Entry& entry = model.entry(origin.name);
  if (tensor.dims != origin.dims(entry.rows, entry.cols, entry.vector)) differs("the shape of " + tensor.name);
  const Tensor dense = context.passing(DType::f32, entry.rows, entry.cols, Category::workspace);
  model.read(context, entry, dense);
  if (origin.holds_one_more) std::for_each(dense.as<float>(), dense.as<float>() + entry.rows * entry.cols, [](float& gain) { gain = 1.0f + gain; });
  const int64_t width = entry.vector ? 1 : entry.cols, rows = entry.rows * entry.cols / width;
  const GgmlBlock block = block_of(tensor.type);
  if (width % static_cast<int64_t>(block.elements) != 0) differs("the type of " + tensor.name);
  const uint64_t row_bytes = static_cast<uint64_t>(width) / block.elements * block.bytes;
  const auto* stored = static_cast<const unsigned char*>(file.data(tensor));
  std::vector<Loss> losses(static_cast<size_t>(pool.size()));
  pool.parallel_for(rows, std::max<int64_t>(1, 4096 / width), [&](int64_t begin, int64_t end, int member) {
    std::vector<float> back(static_cast<size_t>(width));
    for (int64_t row = begin; row < end; ++row) {
      const auto at = static_cast<uint64_t>(origin.file_row(row, rows));
      losses[static_cast<size_t>(member)].add(
          compare_row(tensor.type, stored + at * row_bytes, dense.as<float>() + row * width, static_cast<uint64_t>(width), back.data()));
    }
  });
  file.forget(tensor);
  Loss sum;
  for (const Loss& each : losses) sum.add(each);
  if (!sum.within) differs("the values of " + tensor.name);
  return sum;
}

}  // namespace

json prove_gguf(const Context& context, ThreadPool& pool, const StreamedModel& model, const GgufPlan& plan, const std::string& path, const Progress& progress) {
  const GgufFile file(path);
  const ModelConfig config = gguf_model_config(file);
  compare_shapes(config, model.config());
  compare_keys(file.metadata(), plan.metadata);
  struct OfType {
    int64_t tensors = 0;
    uint64_t bytes = 0;
    Loss loss;
  };
  std::map<std::string, OfType> types;
  size_t compared = 0;
  int64_t done = 0;
  for (const GgufTensor& tensor : file.tensors()) {
    OfType& type = types[name_of(tensor.type)];
    ++type.tensors;
    type.bytes += tensor.bytes;
    if (gguf_is_rotary(tensor.name, config)) {
      if (tensor.type != GgmlType::f32) differs("the type of " + tensor.name);  // its values are part of the shape
    } else {
      for (const GgufOrigin& origin : gguf_origins(tensor.name, config)) {
        type.loss.add(compare_tensor(context, pool, model, file, tensor, origin));
        ++compared;
      }
    }
    progress(++done, static_cast<int64_t>(file.tensors().size()));
  }
  if (compared != model.entries().size()) differs("tensors are missing");
  json list = json::array();
  for (const auto& [name, type] : types) {
    const double relative = type.loss.all > 0 ? std::sqrt(type.loss.squares / type.loss.all) : 0.0;
    list.push_back({{"type", name}, {"tensors", type.tensors}, {"bytes", type.bytes}, {"maxError", type.loss.most}, {"relativeError", relative}});
  }
  return {{"bytes", std::filesystem::file_size(path)}, {"sha256", sha256_of_file(path)}, {"keys", file.metadata().size()}, {"tensors", done}, {"types", list}};
}

}  // namespace rankwise
