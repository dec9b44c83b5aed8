#include "io/peft.h"

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

void refuse_unsupported(const nlohmann::json& config) {
  auto refuse = [](const std::string& feature) {
    fail("E_UNSUPPORTED", "This adapter uses " + feature + ", which is not supported.", "Plain LoRA and rsLoRA adapters can be read.");
  };
  const std::string type = config.value("peft_type", "");
  if (type != "LORA") refuse("the PEFT type \"" + type + "\"");
  if (config.value("use_dora", false)) refuse("DoRA");
  if (config.value("lora_bias", false)) refuse("biases on its factors");
  if (config.value("fan_in_fan_out", false)) refuse("transposed base weights (fan_in_fan_out)");
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
  const double alpha = config.value("lora_alpha", 8.0);
  const bool rs = config.value("use_rslora", false);
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
    if (static_cast<int64_t>(rank) != layer.rank) {
      fail("E_ADAPTER", module + " has rank " + std::to_string(layer.rank) + " but the configuration says " + std::to_string(static_cast<int64_t>(rank)) + ".",
           "Configuration and tensors do not belong together.");
    }
    const double layer_alpha = peft_pattern_value(config, "alpha_pattern", module, alpha);
    layer.scale = static_cast<float>(layer_alpha / (rs ? std::sqrt(rank) : rank));
  }
}

void PeftAdapter::read(const std::string& name, const Layer& layer, bool is_a, float* to) const {
  const TensorInfo* info = file_->find(name);
  if (!info) fail("E_ADAPTER", name + " is missing.", "The adapter is damaged.");
  convert_floats(info->dtype, file_->data(*info), DType::f32, to, static_cast<uint64_t>(layer.rank * (is_a ? layer.in : layer.out)));
}

void PeftAdapter::read_a(const std::string& module, float* to) const {
  read(kPrefix + module + ".lora_A.weight", layers_.at(module), true, to);
}
void PeftAdapter::read_b(const std::string& module, float* to) const {
  read(kPrefix + module + ".lora_B.weight", layers_.at(module), false, to);
}

}  // namespace rankwise
