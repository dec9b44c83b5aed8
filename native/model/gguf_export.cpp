#include "model/gguf_export.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "model/gguf_families.h"

namespace rankwise {
namespace {

// The values of `entry`, which are its own or a part of the tensor in the file, as blocks.
void encode(ThreadPool& pool, const GgufPlan::Item& item, const StreamedModel::Entry& entry, const float* values, unsigned char* to) {
  const GgmlBlock block = block_of(item.tensor.type);
  const auto width = static_cast<int64_t>(entry.vector ? 1 : entry.cols);
  const int64_t rows = entry.rows * entry.cols / width;
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
  if (!number) fail("E_NONFINITE", "The model's " + entry.name + " has values that are no numbers.", "Its weights are damaged, or the run that made them diverged.");
  if (!fits) fail("E_RANGE", "The model's " + entry.name + " has values beyond 65504, which F16 cannot hold.", "Export it as bf16 or f32.");
}

void write_weights(const Context& context, ThreadPool& pool, const StreamedModel& model, const GgufPlan::Item& item, GgufWriter& writer) {
  const GgmlBlock block = block_of(item.tensor.type);
  const uint64_t blocks = item.tensor.elements() / block.elements;
  const Tensor encoded = context.passing(DType::u8, static_cast<int64_t>(blocks), static_cast<int64_t>(block.bytes), Category::workspace);
  auto* to = encoded.as<unsigned char>();
  for (const StreamedModel::Entry* entry : item.from) {
    const Tensor dense = context.passing(DType::f32, entry->rows, entry->cols, Category::workspace);
    model.read(context, *entry, dense);
    auto* values = dense.as<float>();
    const int64_t count = entry->rows * entry->cols;
    if (gguf_adds_one(model.config(), entry->name)) std::for_each(values, values + count, [](float& gain) { gain += 1.0f; });
    encode(pool, item, *entry, values, to);
    to += static_cast<uint64_t>(count) / block.elements * block.bytes;
  }
  writer.write(encoded.as<unsigned char>(), blocks * block.bytes);
}

}  // namespace

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
  for (const GgufMetadata& keys : {gguf_shape(config), more}) plan.metadata.insert(plan.metadata.end(), keys.begin(), keys.end());
  for (auto& [name, values] : gguf_rotary_tensors(config)) {
    GgufPlan::Item item;
    item.tensor.name = name;
    item.tensor.dims = {values.size()};
    item.values = std::move(values);
    plan.items.push_back(std::move(item));
  }
  const GgufModelShape shape{static_cast<uint64_t>(config.layers), static_cast<uint64_t>(config.heads), static_cast<uint64_t>(config.kv_heads), config.tied_head};
  for (const StreamedModel::Entry& entry : model.entries()) {
    const std::string name = gguf_name(config, entry.name);
    if (plan.items.empty() || plan.items.back().tensor.name != name) {
      GgufPlan::Item item;
      item.tensor.name = name;
      item.tensor.dims.push_back(static_cast<uint64_t>(entry.cols));
      if (!entry.vector) item.tensor.dims.push_back(0);
      item.heads = gguf_heads(config, entry.name);
      plan.items.push_back(std::move(item));
    }
    GgufPlan::Item& item = plan.items.back();
    item.from.push_back(&entry);
    if (!entry.vector) item.tensor.dims[1] += static_cast<uint64_t>(entry.rows);
  }
  for (GgufPlan::Item& item : plan.items) {
    if (!item.from.empty()) item.tensor.type = mixed_type(preset, shape, item.tensor.name, item.tensor.dims);
  }
  return plan;
}

void write_gguf(const Context& context, ThreadPool& pool, const StreamedModel& model, const GgufPlan& plan, const std::string& path, const Progress& progress) {
  GgufWriter writer(path, plan.metadata, plan.tensors());
  const auto total = static_cast<int64_t>(plan.items.size());
  int64_t done = 0;
  for (const GgufPlan::Item& item : plan.items) {
    if (item.from.empty()) writer.write(item.values.data(), item.values.size() * sizeof(float));
    else write_weights(context, pool, model, item, writer);
    progress(++done, total);
  }
  writer.finish();
}

}  // namespace rankwise
