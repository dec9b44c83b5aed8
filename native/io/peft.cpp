#include "io/peft.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "io/float_formats.h"
#include "io/files.h"

namespace rankwise {

namespace {

const char* const kPrefix = "base_model.model.";
constexpr uint64_t kLargestConfig = 16 << 20;

nlohmann::json read_config(const std::string& folder) {
  const std::string path = folder + "/adapter_config.json";
  nlohmann::json config = nlohmann::json::parse(read_file(path, kLargestConfig), nullptr, false);
  if (!config.is_object()) fail("E_ADAPTER", path + " is not a JSON object.", "Export the adapter again from where it came.");
  return config;
}

[[noreturn]] void refuse_type(const char* key, const char* expected) {
  fail("E_ADAPTER", std::string("The adapter's ") + key + " is not " + expected + ".", "Check adapter_config.json.");
}

// Values of adapter_config.json; what is absent or null has the default that PEFT has.
const nlohmann::json* find(const nlohmann::json& config, const char* key) {
  const auto found = config.find(key);
  return found == config.end() || found->is_null() ? nullptr : &*found;
}
double number(const nlohmann::json& config, const char* key, double absent) {
  const nlohmann::json* value = find(config, key);
  if (value && !value->is_number()) refuse_type(key, "a number");
  return value ? value->get<double>() : absent;
}
bool boolean(const nlohmann::json& config, const char* key) {
  const nlohmann::json* value = find(config, key);
  if (value && !value->is_boolean()) refuse_type(key, "true or false");
  return value && value->get<bool>();
}
std::string text(const nlohmann::json& config, const char* key) {
  const nlohmann::json* value = find(config, key);
  if (value && !value->is_string()) refuse_type(key, "a text");
  return value ? value->get<std::string>() : "";
}

// 4 and not 4.0.
std::string written(double value) {
  const bool whole = value == std::floor(value) && std::fabs(value) < 1e15;
  return whole ? std::to_string(static_cast<int64_t>(value)) : nlohmann::json(value).dump();
}

void refuse_unsupported(const nlohmann::json& config) {
  auto refuse = [](const std::string& feature) {
    fail("E_UNSUPPORTED", "This adapter uses " + feature + ", which is not supported.", "Plain LoRA and rsLoRA adapters can be read.");
  };
  const std::string type = text(config, "peft_type");
  if (type != "LORA") refuse("the PEFT type \"" + type + "\"");
  if (boolean(config, "use_dora")) refuse("DoRA");
  if (boolean(config, "lora_bias")) refuse("biases on its factors");
  if (boolean(config, "fan_in_fan_out")) refuse("transposed base weights (fan_in_fan_out)");
  if (config.contains("bias") && config["bias"] != "none") refuse("trained biases");
  if (config.contains("modules_to_save") && config["modules_to_save"].is_array() && !config["modules_to_save"].empty()) {
    refuse("whole saved modules (modules_to_save)");
  }
  if (!config.contains("r") || !config["r"].is_number_integer() || config["r"].get<int64_t>() < 1) {
    fail("E_ADAPTER", "The adapter's rank (r) is missing or not a positive whole number.", "Check adapter_config.json.");
  }
}

}  // namespace

double peft_pattern_value(const nlohmann::json& config, const char* key, const std::string& module, double fallback) {
  if (!config.contains(key) || !config[key].is_object()) return fallback;
  for (const auto& [pattern, value] : config[key].items()) {
    // PEFT reads these keys as regular expressions; every writer that we know of puts plain module names there.
    if (pattern.find_first_of("*+?()[]{}|^$\\") != std::string::npos) {
      fail("E_UNSUPPORTED", std::string("The key \"") + pattern + "\" of " + key + " is a regular expression, which is not supported.",
           "Write the module names out in adapter_config.json.");
    }
    const bool match = module == pattern || (module.size() > pattern.size() && module[module.size() - pattern.size() - 1] == '.' &&
                                             module.compare(module.size() - pattern.size(), pattern.size(), pattern) == 0);
    if (match && value.is_number()) return value.get<double>();
  }
  return fallback;
}

PeftAdapter::PeftAdapter(const std::string& folder) {
  const nlohmann::json config = read_config(folder);
  refuse_unsupported(config);
  file_ = std::make_unique<SafetensorsFile>(folder + "/adapter_model.safetensors");
  const double alpha = number(config, "lora_alpha", 8.0);
  const bool rs = boolean(config, "use_rslora");
  const std::string a_suffix = ".lora_A.weight", b_suffix = ".lora_B.weight";
  for (const TensorInfo& info : file_->tensors()) {
    auto ends_with = [&](const std::string& suffix) {
      return info.name.size() > suffix.size() && info.name.compare(info.name.size() - suffix.size(), suffix.size(), suffix) == 0;
    };
    const bool is_a = ends_with(a_suffix), is_b = ends_with(b_suffix);
    if (info.name.rfind(kPrefix, 0) != 0 || (!is_a && !is_b)) {
      fail("E_UNSUPPORTED", "The adapter has a tensor that plain LoRA does not have: " + info.name + ".", "Plain LoRA and rsLoRA adapters can be read.");
    }
    const size_t head = std::strlen(kPrefix);
    const std::string module = info.name.substr(head, info.name.size() - head - a_suffix.size());
    if (info.shape.size() != 2) fail("E_ADAPTER", info.name + " is not a matrix.", "Export the adapter again from where it came.");
    Layer& layer = layers_[module];
    const int64_t rank = is_a ? info.shape[0] : info.shape[1];
    if (layer.rank && layer.rank != rank) fail("E_ADAPTER", "The two factors of " + module + " have different ranks.", "The adapter is damaged.");
    layer.rank = rank;
    (is_a ? layer.in : layer.out) = is_a ? info.shape[1] : info.shape[0];
  }
  if (layers_.empty()) fail("E_ADAPTER", "The adapter holds no layers.", "Export the adapter again from where it came.");
  for (auto& [module, layer] : layers_) {
    if (!layer.in || !layer.out) fail("E_ADAPTER", "One of the two factors of " + module + " is missing.", "The adapter is damaged.");
    const double rank = peft_pattern_value(config, "rank_pattern", module, config["r"].get<double>());
    if (rank != static_cast<double>(layer.rank)) {
      fail("E_ADAPTER", module + " has rank " + std::to_string(layer.rank) + " but the configuration says " + written(rank) + ".",
           "Configuration and tensors do not belong together.");
    }
    const double layer_alpha = peft_pattern_value(config, "alpha_pattern", module, alpha);
    layer.scale = static_cast<float>(layer_alpha / (rs ? std::sqrt(rank) : rank));
  }
}

// A factor as it lies in the file, in f32.
std::vector<float> PeftAdapter::factor(const std::string& module, const char* suffix) const {
  const std::string name = kPrefix + module + suffix;
  const TensorInfo* info = file_->find(name);
  if (!info) fail("E_ADAPTER", name + " is missing.", "The adapter is damaged.");
  std::vector<float> values(info->elements());
  convert_floats(info->dtype, file_->data(*info), DType::f32, values.data(), values.size());
  return values;
}

void PeftAdapter::split(const std::string& module, const std::vector<Rows>& parts) {
  const Layer whole = layers_.at(module);
  if (parts.back().first + parts.back().count != whole.out) {
    fail("E_ADAPTER", "The adapter's " + module + " does not have the shape of the model's.", "It was made for another base model.");
  }
  const std::vector<float> b = factor(module, ".lora_B.weight");
  const auto used = [&](int64_t rank, int64_t first, int64_t count) {
    for (int64_t row = first; row < first + count; ++row) {
      if (b[static_cast<size_t>(row * whole.rank + rank)] != 0.0f) return true;
    }
    return false;
  };
  layers_.erase(module);
  for (const Rows& part : parts) {
    Layer layer = whole;
    layer.stored_as = module;
    layer.stored_rows = whole.out;
    layer.first_row = part.first;
    layer.out = part.count;
    for (int64_t rank = 0; rank < whole.rank; ++rank) {
      if (used(rank, part.first, part.count) || !used(rank, 0, whole.out)) layer.ranks.push_back(rank);
    }
    layer.rank = static_cast<int64_t>(layer.ranks.size());
    if (layer.rank > 0) layers_.emplace(part.module, layer);
  }
}

void PeftAdapter::read_a(const std::string& module, float* to) const {
  const Layer& layer = layers_.at(module);
  const std::vector<float> a = factor(layer.stored_as.empty() ? module : layer.stored_as, ".lora_A.weight");
  if (layer.ranks.empty()) {
    std::copy(a.begin(), a.end(), to);
    return;
  }
  for (int64_t rank : layer.ranks) to = std::copy_n(a.begin() + rank * layer.in, layer.in, to);
}

void PeftAdapter::read_b(const std::string& module, float* to) const {
  const Layer& layer = layers_.at(module);
  const std::vector<float> b = factor(layer.stored_as.empty() ? module : layer.stored_as, ".lora_B.weight");
  if (layer.ranks.empty()) {
    std::copy(b.begin(), b.end(), to);
    return;
  }
  const size_t columns = b.size() / static_cast<size_t>(layer.stored_rows);
  for (int64_t row = layer.first_row; row < layer.first_row + layer.out; ++row) {
    for (int64_t rank : layer.ranks) *to++ = b[static_cast<size_t>(row) * columns + static_cast<size_t>(rank)];
  }
}

}  // namespace rankwise
