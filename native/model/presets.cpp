#include "core/error.h"
#include "model/config.h"

namespace rankwise {
namespace {

// The Llama sizes on which GaLore, LoQT and their successors report, and smaller ones for one workstation.
struct Preset {
  const char* name;
  int64_t hidden, intermediate, heads, layers, positions;
};
constexpr Preset kPresets[] = {
    {"llama-9m", 128, 352, 4, 4, 1024},       {"llama-20m", 256, 688, 8, 4, 1024},     {"llama-35m", 384, 1024, 8, 6, 1024},
    {"llama-60m", 512, 1376, 8, 8, 1024},     {"llama-130m", 768, 2048, 12, 12, 1024}, {"llama-350m", 1024, 2736, 16, 24, 1024},
    {"llama-1b", 2048, 5461, 32, 24, 2048},   {"llama-3b", 2560, 6848, 32, 32, 2048},  {"llama-7b", 4096, 11008, 32, 32, 2048},
    {"llama-13b", 5120, 13824, 40, 40, 2048},
};

}  // namespace

ModelConfig preset_config(const std::string& name) {
  for (const Preset& preset : kPresets) {
    if (name != preset.name) continue;
    ModelConfig config;
    config.vocab_size = 32000;
    config.hidden_size = preset.hidden;
    config.intermediate_size = preset.intermediate;
    config.layers = preset.layers;
    config.heads = preset.heads;
    config.kv_heads = preset.heads;
    config.head_dim = preset.hidden / preset.heads;
    config.max_positions = preset.positions;
    return config;
  }
  std::string known;
  for (const Preset& preset : kPresets) known += (known.empty() ? "" : ", ") + std::string(preset.name);
  fail("E_PRESET", "There is no preset of the name \"" + name + "\".", "Choose one of " + known + ".");
}

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) names.push_back(preset.name);
  return names;
}

}  // namespace rankwise
