#include "quant/gguf_mix.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace rankwise {
namespace {

struct Known {
  GgufPreset preset;
  const char *name, *option;
  GgmlType most;  // the type of what has no finer one
};
constexpr std::array<Known, 8> kKnown = {{
    {GgufPreset::f32, "F32", "f32", GgmlType::f32},
    {GgufPreset::bf16, "BF16", "bf16", GgmlType::bf16},
    {GgufPreset::f16, "F16", "f16", GgmlType::f16},
    {GgufPreset::q8_0, "Q8_0", "q8_0", GgmlType::q8_0},
    {GgufPreset::q6_k, "Q6_K", "q6_k", GgmlType::q6_k},
    {GgufPreset::q5_k_m, "Q5_K_M", "q5_k_m", GgmlType::q5_k},
    {GgufPreset::q4_k_m, "Q4_K_M", "q4_k_m", GgmlType::q4_k},
    {GgufPreset::q4_0, "Q4_0", "q4_0", GgmlType::q4_0},
}};

const Known& known(GgufPreset preset) {
  return *std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& each) { return each.preset == preset; });
}

bool ends_with(std::string_view text, std::string_view end) { return text.size() >= end.size() && text.substr(text.size() - end.size()) == end; }

// The first and the last eighth of the layers, and every third between them.
bool matters_most(uint64_t layer, uint64_t layers) {
  return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

uint64_t layer_of(const std::string& name) {
  return name.rfind("blk.", 0) == 0 ? std::stoull(name.substr(4)) : 0;
}

bool is_whole(GgmlType type) { return type == GgmlType::f32 || type == GgmlType::f16 || type == GgmlType::bf16; }

GgmlType finer(GgufPreset preset, const GgufModelShape& model, const std::string& name) {
  const GgmlType most = known(preset).most;
  if (is_whole(most) || most == GgmlType::q8_0) return most;
  if (name == "output.weight" || (model.tied && name == "token_embd.weight")) return GgmlType::q6_k;
  if (preset != GgufPreset::q4_k_m && preset != GgufPreset::q5_k_m) return most;
  const bool values = ends_with(name, ".attn_v.weight");
  if ((values || ends_with(name, ".ffn_down.weight")) && matters_most(layer_of(name), model.layers)) return GgmlType::q6_k;
  if (ends_with(name, ".attn_qkv.weight")) return preset == GgufPreset::q4_k_m ? GgmlType::q5_k : GgmlType::q6_k;
  // In the 70b shape eight queries share a value: a finer type there costs little.
  const bool shared = model.layers == 80 && model.heads == 8 * model.kv_heads;
  return values && shared && most == GgmlType::q4_k ? GgmlType::q5_k : most;
}

}  // namespace

std::optional<GgufPreset> gguf_preset(const std::string& name) {
  for (const Known& each : kKnown) {
    if (name == each.option) return each.preset;
  }
  return {};
}

const char* name_of(GgufPreset preset) { return known(preset).name; }

const std::vector<std::string>& gguf_preset_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Known& each : kKnown) all.emplace_back(each.option);
    return all;
  }();
  return names;
}

GgmlType mixed_type(GgufPreset preset, const GgufModelShape& model, const std::string& name, const std::vector<uint64_t>& dims) {
  if (dims.size() < 2 || !ends_with(name, ".weight") || ends_with(name, "_norm.weight")) return GgmlType::f32;
  GgmlType type = finer(preset, model, name);
  if (dims[0] % block_of(type).elements != 0) type = GgmlType::q8_0;
  return dims[0] % block_of(type).elements == 0 ? type : GgmlType::f16;
}

}  // namespace rankwise
