#include "model/gguf_export.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>

#include "core/error.h"
#include "model/gguf_names.h"
#include "model/rope_scaling.h"

namespace rankwise {
namespace {

void add_shape(GgufMetadata& metadata, const ModelConfig& c) {
  const std::string prefix = gguf_architecture(c) + ".";
  const auto count = [&](const char* key, int64_t value) { metadata.emplace_back(prefix + key, static_cast<uint32_t>(value)); };
  count("context_length", gguf_context(c));
  count("embedding_length", c.hidden_size);
  count("block_count", c.layers);
  count("feed_forward_length", c.intermediate_size);
  count("attention.head_count", c.heads);
  count("attention.head_count_kv", c.kv_heads);
  count("attention.key_length", c.head_dim);
  count("attention.value_length", c.head_dim);
  metadata.emplace_back(prefix + "attention.layer_norm_rms_epsilon", c.rms_epsilon);
  count("rope.dimension_count", c.head_dim);
  metadata.emplace_back(prefix + "rope.freq_base", static_cast<float>(c.rope_theta));
  if (c.rope_scaling == "linear") {
    metadata.emplace_back(prefix + "rope.scaling.type", std::string("linear"));
    metadata.emplace_back(prefix + "rope.scaling.factor", static_cast<float>(c.rope_factor));
  }
  count("vocab_size", c.vocab_size);
}

// What each frequency of the unscaled table is divided by.
std::vector<float> rotary_divisors(const ModelConfig& config) {
  ModelConfig plain = config;
  plain.rope_scaling = "none";
  std::vector<float> divisors = rotary_inverse_frequencies(plain);
  const std::vector<float> scaled = rotary_inverse_frequencies(config);
  for (size_t i = 0; i < divisors.size(); ++i) divisors[i] /= scaled[i];
  return divisors;
}

// One tensor's values as the blocks of the file.
void encode(ThreadPool& pool, const GgufPlan::Item& item, const float* values, unsigned char* to) {
  const GgmlBlock block = block_of(item.tensor.type);
  const auto width = static_cast<int64_t>(item.from->vector ? 1 : item.from->cols);
  const int64_t rows = item.from->rows * item.from->cols / width;
  const uint64_t row_bytes = static_cast<uint64_t>(width) / block.elements * block.bytes;
  const float most = item.tensor.type == GgmlType::f16 ? 65504.0f : std::numeric_limits<float>::max();
  std::atomic<bool> number{true}, fits{true};
  pool.parallel_for(rows, std::max<int64_t>(1, 4096 / width), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row) {
      const float* from = values + gguf_source_row(row, rows, item.heads) * width;
      for (int64_t i = 0; i < width; ++i) {
        if (!std::isfinite(from[i])) number = false;
        else if (std::fabs(from[i]) > most) fits = false;
      }
      if (number) quantize_blocks(item.tensor.type, from, static_cast<uint64_t>(width), to + static_cast<uint64_t>(row) * row_bytes);
    }
  });
  if (!number) fail("E_NONFINITE", "The model's " + item.from->name + " has values that are no numbers.", "Its weights are damaged, or the run that made them diverged.");
  if (!fits) fail("E_RANGE", "The model's " + item.from->name + " has values beyond 65504, which F16 cannot hold.", "Export it as bf16 or f32.");
}

}  // namespace

int64_t gguf_context(const ModelConfig& config) {
  return config.sliding_window > 0 ? std::min(config.max_positions, config.sliding_window) : config.max_positions;
}

std::vector<GgufTensor> GgufPlan::tensors() const {
  std::vector<GgufTensor> list;
  for (const Item& item : items) list.push_back(item.tensor);
  return list;
}

std::map<std::string, int64_t> GgufPlan::types() const {
  std::map<std::string, int64_t> counts;
  for (const Item& item : items) ++counts[name_of(item.tensor.type)];
  return counts;
}

GgufPlan plan_gguf(const StreamedModel& model, GgufPreset preset, const GgufMetadata& more) {
  const ModelConfig& config = model.config();
  require_gguf(config);
  GgufPlan plan;
  plan.metadata = {{"general.architecture", gguf_architecture(config)},
                   {"general.type", std::string("model")},
                   {"general.file_type", static_cast<uint32_t>(preset)},
                   {"general.quantization_version", uint32_t{2}}};
  add_shape(plan.metadata, config);
  plan.metadata.insert(plan.metadata.end(), more.begin(), more.end());
  if (config.rope_scaling == "llama3") {
    GgufTensor divisors;
    divisors.name = "rope_freqs.weight";
    divisors.dims = {static_cast<uint64_t>(config.head_dim / 2)};
    plan.items.push_back({std::move(divisors), nullptr, 0});
  }
  const GgufModelShape shape{static_cast<uint64_t>(config.layers), static_cast<uint64_t>(config.heads), static_cast<uint64_t>(config.kv_heads), config.tied_head};
  for (const StreamedModel::Entry& entry : model.entries()) {
    GgufTensor tensor;
    tensor.name = gguf_name(entry.name);
    tensor.dims.push_back(static_cast<uint64_t>(entry.cols));
    if (!entry.vector) tensor.dims.push_back(static_cast<uint64_t>(entry.rows));
    tensor.type = mixed_type(preset, shape, tensor.name, tensor.dims);
    plan.items.push_back({std::move(tensor), &entry, gguf_heads(config, entry.name)});
  }
  return plan;
}

void write_gguf(const Context& context, ThreadPool& pool, const StreamedModel& model, const GgufPlan& plan, const std::string& path, const Progress& progress) {
  GgufWriter writer(path, plan.metadata, plan.tensors());
  const auto total = static_cast<int64_t>(plan.items.size());
  int64_t done = 0;
  for (const GgufPlan::Item& item : plan.items) {
    if (!item.from) {
      const std::vector<float> divisors = rotary_divisors(model.config());
      writer.write(divisors.data(), divisors.size() * sizeof(float));
    } else {
      const GgmlBlock block = block_of(item.tensor.type);
      const Tensor dense = context.passing(DType::f32, item.from->rows, item.from->cols, Category::workspace);
      const auto blocks = item.tensor.elements() / block.elements;
      const Tensor encoded = context.passing(DType::u8, static_cast<int64_t>(blocks), static_cast<int64_t>(block.bytes), Category::workspace);
      model.read(context, *item.from, dense);
      encode(pool, item, dense.as<float>(), encoded.as<unsigned char>());
      writer.write(encoded.as<unsigned char>(), blocks * block.bytes);
    }
    progress(++done, total);
  }
  writer.finish();
}

}  // namespace rankwise
