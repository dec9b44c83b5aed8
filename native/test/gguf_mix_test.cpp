// Which tensor of a GGUF file gets which type, held against what llama.cpp's quantizer chooses.
#include "quant/gguf_mix.h"

#include <map>

#include "test/check.h"

using namespace rankwise;
using namespace rankwise::test;

namespace {

const std::vector<uint64_t> kMatrix = {4096, 4096};

GgmlType layer_type(GgufPreset preset, const GgufModelShape& model, uint64_t layer, const std::string& name) {
  return mixed_type(preset, model, "blk." + std::to_string(layer) + "." + name + ".weight", kMatrix);
}

void test_layers() {
  const GgufModelShape model = {32, 32, 8, false};
  std::map<std::string, std::vector<uint64_t>> finer;
  for (uint64_t layer = 0; layer < model.layers; ++layer) {
    for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"}) {
      if (layer_type(GgufPreset::q4_k_m, model, layer, name) == GgmlType::q6_k) finer[name].push_back(layer);
    }
  }
  const std::vector<uint64_t> expected = {0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31};
  check(finer.size() == 2 && finer["attn_v"] == expected && finer["ffn_down"] == expected, "Q4_K_M: sixteen layers of two kinds are finer");
  check(layer_type(GgufPreset::q4_k_m, model, 4, "attn_v") == GgmlType::q4_k, "Q4_K_M: the others are not");
  check(layer_type(GgufPreset::q5_k_m, model, 6, "ffn_down") == GgmlType::q6_k, "Q5_K_M has the same layers");
  check(layer_type(GgufPreset::q6_k, model, 6, "ffn_down") == GgmlType::q6_k, "Q6_K is the same everywhere");
  check(layer_type(GgufPreset::q4_0, model, 0, "attn_v") == GgmlType::q4_0, "Q4_0 knows no finer layers");
  check(layer_type(GgufPreset::q4_k_m, model, 4, "attn_qkv") == GgmlType::q5_k, "fused projections are finer");
  check(layer_type(GgufPreset::q4_k_m, {80, 64, 8, false}, 10, "attn_v") == GgmlType::q5_k, "the 70b shape has finer values");
}

void test_head() {
  const GgufModelShape own = {2, 4, 4, false}, tied = {2, 4, 4, true};
  check(mixed_type(GgufPreset::q4_k_m, own, "output.weight", kMatrix) == GgmlType::q6_k, "a head is finer");
  check(mixed_type(GgufPreset::q4_0, own, "output.weight", kMatrix) == GgmlType::q6_k, "of Q4_0, too");
  check(mixed_type(GgufPreset::q8_0, own, "output.weight", kMatrix) == GgmlType::q8_0, "not of Q8_0");
  check(mixed_type(GgufPreset::q4_k_m, own, "token_embd.weight", kMatrix) == GgmlType::q4_k, "an embedding of its own is not");
  check(mixed_type(GgufPreset::q4_k_m, tied, "token_embd.weight", kMatrix) == GgmlType::q6_k, "a tied one is the head");
}

void test_shapes() {
  const GgufModelShape model = {2, 4, 4, false};
  const std::string name = "blk.0.attn_q.weight";
  for (const std::string& preset : gguf_preset_names()) {
    check(mixed_type(*gguf_preset(preset), model, "blk.0.attn_norm.weight", {4096}) == GgmlType::f32, preset + ": norms stay");
    check(mixed_type(*gguf_preset(preset), model, "blk.0.attn_q.bias", {4096}) == GgmlType::f32, preset + ": biases stay");
  }
  check(mixed_type(GgufPreset::q4_k_m, model, name, {96, 4}) == GgmlType::q8_0, "rows of 96 have no K-quants");
  check(mixed_type(GgufPreset::q4_k_m, model, name, {40, 4}) == GgmlType::f16, "rows of 40 have no blocks");
  check(mixed_type(GgufPreset::q4_0, model, name, {96, 4}) == GgmlType::q4_0, "rows of 96 have blocks of 32");
  check(mixed_type(GgufPreset::q4_0, model, "output.weight", {96, 4}) == GgmlType::q8_0, "and a head in Q8_0");
  check(mixed_type(GgufPreset::f32, model, name, {40, 4}) == GgmlType::f32, "floats divide into anything");
}

}  // namespace

int main() {
  test_layers();
  test_head();
  test_shapes();
  check(!gguf_preset("q3_k"), "what is not written has no name");
  return finish();
}
