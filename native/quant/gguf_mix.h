#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quant/ggml_blocks.h"

namespace rankwise {

// What a file is called by: the type of most of its matrices, and which tensors get a finer one. The numbers are those of
// `general.file_type`.
enum class GgufPreset : uint32_t { f32 = 0, f16 = 1, q4_0 = 2, q8_0 = 7, q4_k_m = 15, q5_k_m = 17, q6_k = 18, bf16 = 32 };

std::optional<GgufPreset> gguf_preset(const std::string& name);  // "q4_k_m" as the command line has it
const char* name_of(GgufPreset preset);                          // "Q4_K_M", …
const std::vector<std::string>& gguf_preset_names();             // as the command line has them, finest first

struct GgufModelShape {
  uint64_t layers = 0, heads = 0, kv_heads = 0;
  bool tied = false;  // the embedding is the head, too
};

// The type of the tensor `name` (as the file has it: "blk.3.attn_v.weight") with `dims` (fastest first). Vectors and norms stay F32. The
// choices are llama.cpp's: the head in Q6_K, `attn_v` and `ffn_down` in Q6_K in the layers that matter most. Rows that do not divide into
// 256 are stored in Q8_0, which is larger and closer than its choice there, and rows that do not divide into 32 in F16.
GgmlType mixed_type(GgufPreset preset, const GgufModelShape& model, const std::string& name, const std::vector<uint64_t>& dims);

}  // namespace rankwise
