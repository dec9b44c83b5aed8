#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace rankwise {

// Element types of GGUF files that this engine reads and writes; the numbers are the format's.
enum class GgmlType : uint32_t { f32 = 0, f16 = 1, q4_0 = 2, q8_0 = 8, q4_k = 12, q5_k = 13, q6_k = 14, bf16 = 30 };

struct GgmlBlock {
  uint64_t elements, bytes;
};
GgmlBlock block_of(GgmlType type);
const char* name_of(GgmlType type);                        // "F32", "Q8_0", …
std::optional<GgmlType> ggml_type(uint32_t number);        // none for what is not read here
std::optional<GgmlType> ggml_type(const std::string& name);  // "q8_0" as the command line has it

// `count` (whole blocks) values to blocks and back. Rounding is to nearest: ties to even for f16 and bf16, as the reference
// quantizer does for the block types, whose bytes are the reference's (k_blocks.h has the K-quants). Values must be finite.
void quantize_blocks(GgmlType type, const float* from, uint64_t count, void* to);
void dequantize_blocks(GgmlType type, const void* from, uint64_t count, float* to);

// How far each value of the one block that begins at `values` may be from what comes back: half a step by the format's arithmetic, for
// the K-quants the most that their search loses. Infinite where the type cannot hold the values.
float block_bound(GgmlType type, const float* values);

}  // namespace rankwise
