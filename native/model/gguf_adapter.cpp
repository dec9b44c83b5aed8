#include "model/gguf_adapter.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <vector>

#include "core/error.h"
#include "io/files.h"
#include "io/gguf.h"
#include "model/gguf_families.h"
#include "model/gguf_source.h"

namespace rankwise {
namespace {

using Layer = PeftAdapter::Layer;

constexpr float kRounding = 6e-7f;  // of ten operations, each half a unit of the last place

struct Factors {
  std::vector<float> a, b;
};

Factors factors_of(const PeftAdapter& adapter, const std::string& module, const Layer& layer) {
  Factors factors{std::vector<float>(static_cast<size_t>(layer.rank * layer.in)), std::vector<float>(static_cast<size_t>(layer.out * layer.rank))};
  adapter.read_a(module, factors.a.data());
  adapter.read_b(module, factors.b.data());
  for (const auto* each : {&factors.a, &factors.b}) {
    for (const float value : *each) {
      if (!std::isfinite(value)) fail("E_NONFINITE", "The adapter's " + module + " has values that are no numbers.", "The run that made it diverged, or its file is damaged.");
    }
  }
  return factors;
}

// What each value of a layer's B is multiplied by, so that alpha / rank is its scale.
float fold_of(const Layer& layer, float factor, float alpha) { return layer.scale * factor * static_cast<float>(layer.rank) / alpha; }

std::vector<GgufTensor> tensors_of(const ModelConfig& config, const PeftAdapter& adapter) {
  std::vector<GgufTensor> tensors;
  for (const auto& [module, layer] : adapter.layers()) {
    const auto rank = static_cast<uint64_t>(layer.rank);
    const std::string name = gguf_name(config, module + ".weight");
    const auto add = [&](const char* suffix, uint64_t fastest, uint64_t rows) {
      GgufTensor tensor;
      tensor.name = name + suffix;
      tensor.dims = {fastest, rows};
      tensors.push_back(std::move(tensor));
    };
    add(".lora_a", static_cast<uint64_t>(layer.in), rank);
    add(".lora_b", rank, static_cast<uint64_t>(layer.out));
  }
  return tensors;
}

[[noreturn]] void differs(const std::string& what) {
  fail("E_RECEIPT", "The GGUF file that was written is not the adapter: " + what + ". It was not kept.", "This is a fault of the program, or of the disk or memory.");
}

const float* values_of(const GgufFile& file, const std::string& name, uint64_t fastest, uint64_t rows) {
  const GgufTensor* tensor = file.find(name);
  if (!tensor || tensor->type != GgmlType::f32 || tensor->dims != std::vector<uint64_t>{fastest, rows}) differs("the shape of " + name);
  return static_cast<const float*>(file.data(*tensor));
}

void prove(const GgufFile& file, const ModelConfig& config, const PeftAdapter& adapter, float factor, const Progress& progress) {
  float alpha = 0;
  for (const auto& [key, value] : file.metadata()) {
    if (key == "adapter.lora.alpha") alpha = std::get<float>(value);
  }
  const auto count = static_cast<int64_t>(adapter.layers().size());
  int64_t done = 0;
  for (const GgufTensor& tensor : file.tensors()) {
    if (!tensor.name.ends_with(".lora_a")) continue;
    const std::string name = tensor.name.substr(0, tensor.name.size() - 7);
    const GgufOrigin origin = gguf_origins(name, config).front();
    const std::string module = origin.name.substr(0, origin.name.size() - 7);
    const auto found = adapter.layers().find(module);
    if (found == adapter.layers().end()) differs("it has the layer " + name);
    const Layer& layer = found->second;
    const Factors factors = factors_of(adapter, module, layer);
    const auto rank = static_cast<uint64_t>(layer.rank);
    const float* a = values_of(file, name + ".lora_a", static_cast<uint64_t>(layer.in), rank);
    const float* b = values_of(file, name + ".lora_b", rank, static_cast<uint64_t>(layer.out));
    if (std::memcmp(a, factors.a.data(), factors.a.size() * sizeof(float)) != 0) differs("the values of " + name + ".lora_a");
    const float scale = alpha / static_cast<float>(rank), wanted = layer.scale * factor;
    for (int64_t row = 0; row < layer.out; ++row) {
      for (int64_t i = 0; i < layer.rank; ++i) {
        const float is = scale * b[origin.file_row(row, layer.out) * layer.rank + i], should = wanted * factors.b[static_cast<size_t>(row * layer.rank + i)];
        if (!(std::fabs(is - should) <= kRounding * std::fabs(should) + 1e-37f)) differs("the values of " + name + ".lora_b");
      }
    }
    progress(count + ++done, 2 * count);
  }
  if (done != count) differs("layers are missing");
}

}  // namespace

nlohmann::json write_gguf_adapter(const ModelConfig& config, const PeftAdapter& adapter, float factor, const std::string& name, const std::string& path,
                                  const Progress& progress) {
  require_gguf(config);
  if (adapter.layers().empty() || factor == 0) fail("E_ADAPTER", "The adapter adds nothing that a file could hold.", "Export one with layers, at a scale other than 0.");
  const Layer& first = adapter.layers().begin()->second;
  const float alpha = first.scale * factor * static_cast<float>(first.rank);
  const GgufMetadata metadata = {{"general.architecture", gguf_architecture(config)}, {"general.type", std::string("adapter")}, {"general.name", name},
                                 {"general.file_type", uint32_t{0}}, {"adapter.type", std::string("lora")}, {"adapter.lora.alpha", alpha}};
  GgufWriter writer(path, metadata, tensors_of(config, adapter));
  const auto count = static_cast<int64_t>(adapter.layers().size());
  int64_t done = 0, folded = 0;
  for (const auto& [module, layer] : adapter.layers()) {
    const Factors factors = factors_of(adapter, module, layer);
    const float fold = fold_of(layer, factor, alpha);
    const int64_t heads = gguf_heads(config, module + ".");
    std::vector<float> rows(factors.b.size());
    for (int64_t row = 0; row < layer.out; ++row) {
      const float* from = factors.b.data() + gguf_source_row(row, layer.out, heads) * layer.rank;
      for (int64_t i = 0; i < layer.rank; ++i) rows[static_cast<size_t>(row * layer.rank + i)] = fold * from[i];
    }
    folded += fold != 1.0f;
    writer.write(factors.a.data(), factors.a.size() * sizeof(float));
    writer.write(rows.data(), rows.size() * sizeof(float));
    progress(++done, 2 * count);
  }
  writer.finish();
  try {
    prove(GgufFile(path), config, adapter, factor, progress);
  } catch (...) {
    std::filesystem::remove(path);
    throw;
  }
  return {{"bytes", std::filesystem::file_size(path)}, {"sha256", sha256_of_file(path)}, {"layers", count}, {"alpha", alpha}, {"folded", folded}};
}

}  // namespace rankwise
