#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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
    // Where it lies in the file, if it is a part of a layer there.
    std::string stored_as;
    int64_t stored_rows = 0, first_row = 0;
    std::vector<int64_t> ranks;  // the columns of B and rows of A that it has; empty = all
  };
  // By module path ("model.layers.0.self_attn.q_proj").
  const std::map<std::string, Layer>& layers() const { return layers_; }
  // A part of a layer: rows [first, first + count) of B, under a name of its own.
  struct Rows {
    std::string module;
    int64_t first, count;
  };
  // Replaces a layer by parts that are all of its rows. Each part has the whole of A, but for the ranks at which its own rows of B are
  // zeros and those of another part are not: layers that were stacked into one come apart as they were. A part without a rank is left out.
  void split(const std::string& module, const std::vector<Rows>& parts);
  // A [r × in] and B [out × r], converted to f32.
  void read_a(const std::string& module, float* to) const;
  void read_b(const std::string& module, float* to) const;

 private:
  std::vector<float> factor(const std::string& module, const char* suffix) const;
  std::unique_ptr<SafetensorsFile> file_;
  std::map<std::string, Layer> layers_;
};

// value of the first key of a PEFT pattern map that the module's name ends with (or matches as a whole), else `fallback`.
double peft_pattern_value(const nlohmann::json& config, const char* key, const std::string& module, double fallback);

}  // namespace rankwise
