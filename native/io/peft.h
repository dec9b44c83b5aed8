#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "io/safetensors.h"

namespace rankwise {

// A LoRA adapter in a PEFT folder (adapter_config.json + adapter_model.safetensors), read with its scale rules: alpha/r or, with
// rsLoRA, alpha/√r; rank_pattern and alpha_pattern per module. What is not honoured (DoRA, lora_bias, other types, modules_to_save,
// trained biases) is refused by name: E_ADAPTER / E_UNSUPPORTED.
class PeftAdapter {
 public:
  explicit PeftAdapter(const std::string& folder);

  struct Layer {
    int64_t rank = 0;
    float scale = 1.0f;
    int64_t out = 0, in = 0;
  };
  // By module path ("model.layers.0.self_attn.q_proj").
  const std::map<std::string, Layer>& layers() const { return layers_; }
  // A [r × in] and B [out × r], converted to f32.
  void read_a(const std::string& module, float* to) const;
  void read_b(const std::string& module, float* to) const;

 private:
  void read(const std::string& name, const Layer& layer, bool is_a, float* to) const;
  std::unique_ptr<SafetensorsFile> file_;
  std::map<std::string, Layer> layers_;
};

// value of the first key of a PEFT pattern map that the module's name ends with (or matches as a whole), else `fallback`.
double peft_pattern_value(const nlohmann::json& config, const char* key, const std::string& module, double fallback);

}  // namespace rankwise
