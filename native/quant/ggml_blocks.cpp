#include "quant/ggml_blocks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "io/float_formats.h"
#include "quant/half.h"
#include "quant/k_blocks.h"

namespace rankwise {
namespace {

constexpr int kBlock = 32;
constexpr float kMostHalf = 65504.0f;

float largest(const float* values) {
  float most = 0;
  for (int i = 0; i < kBlock; ++i) most = std::max(most, std::fabs(values[i]));
  return most;
}

void quantize_q8_0(const float* from, unsigned char* to) {
  const float scale = largest(from) / 127.0f, inverse = scale ? 1.0f / scale : 0.0f;
  put_half(half_of(scale), to);
  for (int i = 0; i < kBlock; ++i) to[2 + i] = static_cast<unsigned char>(static_cast<int8_t>(std::round(from[i] * inverse)));
}

// The value of the largest magnitude becomes −8, so that its sign picks the side that has one code more.
void quantize_q4_0(const float* from, unsigned char* to) {
  const float* most = from;
  for (int i = 1; i < kBlock; ++i) {
    if (std::fabs(from[i]) > std::fabs(*most)) most = from + i;
  }
  const float scale = *most / -8.0f, inverse = scale ? 1.0f / scale : 0.0f;
  put_half(half_of(scale), to);
  const auto code = [&](int i) {
    return static_cast<unsigned char>(std::clamp(std::trunc(static_cast<double>(from[i]) * inverse + 8.5), 0.0, 15.0));
  };
  for (int i = 0; i < kBlock / 2; ++i) to[2 + i] = static_cast<unsigned char>(code(i) | code(i + kBlock / 2) << 4);
}

void dequantize_q8_0(const unsigned char* from, float* to) {
  const float scale = half_value(from);
  for (int i = 0; i < kBlock; ++i) to[i] = scale * static_cast<float>(static_cast<int8_t>(from[2 + i]));
}

void dequantize_q4_0(const unsigned char* from, float* to) {
  const float scale = half_value(from);
  for (int i = 0; i < kBlock / 2; ++i) {
    to[i] = scale * static_cast<float>((from[2 + i] & 15) - 8);
    to[i + kBlock / 2] = scale * static_cast<float>((from[2 + i] >> 4) - 8);
  }
}

void quantize_f32(const float* from, unsigned char* to) { std::memcpy(to, from, 4); }
void quantize_f16(const float* from, unsigned char* to) { put_half(half_of(*from), to); }
void quantize_bf16(const float* from, unsigned char* to) { convert_floats(DType::f32, from, DType::bf16, to, 1); }
void dequantize_f32(const unsigned char* from, float* to) { std::memcpy(to, from, 4); }
void dequantize_f16(const unsigned char* from, float* to) { *to = half_value(from); }
void dequantize_bf16(const unsigned char* from, float* to) { convert_floats(DType::bf16, from, DType::f32, to, 1); }

// Everything that is known of a type.
struct Known {
  GgmlType type;
  const char *name, *option;
  GgmlBlock block;
  void (*quantize)(const float* from, uint64_t blocks, unsigned char* to);
  void (*dequantize)(const unsigned char* from, uint64_t blocks, float* to);
};

template <void (*quantize)(const float*, unsigned char*), void (*dequantize)(const unsigned char*, float*), int elements, int bytes>
constexpr Known known_by_block(GgmlType type, const char* name, const char* option) {
  return {type, name, option, {elements, bytes},
          [](const float* from, uint64_t blocks, unsigned char* to) {
            for (uint64_t i = 0; i < blocks; ++i) quantize(from + i * elements, to + i * bytes);
          },
          [](const unsigned char* from, uint64_t blocks, float* to) {
            for (uint64_t i = 0; i < blocks; ++i) dequantize(from + i * bytes, to + i * elements);
          }};
}

constexpr std::array<Known, 8> kKnown = {{
    known_by_block<quantize_f32, dequantize_f32, 1, 4>(GgmlType::f32, "F32", "f32"),
    known_by_block<quantize_f16, dequantize_f16, 1, 2>(GgmlType::f16, "F16", "f16"),
    known_by_block<quantize_q4_0, dequantize_q4_0, kBlock, 2 + kBlock / 2>(GgmlType::q4_0, "Q4_0", "q4_0"),
    known_by_block<quantize_q8_0, dequantize_q8_0, kBlock, 2 + kBlock>(GgmlType::q8_0, "Q8_0", "q8_0"),
    known_by_block<quantize_q4_k, dequantize_q4_k, kSuperBlock, kBytesQ4K>(GgmlType::q4_k, "Q4_K", "q4_k"),
    known_by_block<quantize_q5_k, dequantize_q5_k, kSuperBlock, kBytesQ5K>(GgmlType::q5_k, "Q5_K", "q5_k"),
    known_by_block<quantize_q6_k, dequantize_q6_k, kSuperBlock, kBytesQ6K>(GgmlType::q6_k, "Q6_K", "q6_k"),
    known_by_block<quantize_bf16, dequantize_bf16, 1, 2>(GgmlType::bf16, "BF16", "bf16"),
}};
const Known& known(GgmlType type) {
  return *std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& each) { return each.type == type; });
}

// What a block of the K-quants loses is what its search makes of it.
float lost(const Known& type, const float* values) {
  unsigned char bytes[kBytesQ6K];
  float back[kSuperBlock], most = 0;
  type.quantize(values, 1, bytes);
  type.dequantize(bytes, 1, back);
  for (int i = 0; i < kSuperBlock; ++i) most = std::max(most, std::fabs(back[i] - values[i]));
  return std::isfinite(most) ? most : std::numeric_limits<float>::infinity();
}

}  // namespace

GgmlBlock block_of(GgmlType type) { return known(type).block; }
const char* name_of(GgmlType type) { return known(type).name; }

std::optional<GgmlType> ggml_type(uint32_t number) {
  for (const Known& each : kKnown) {
    if (static_cast<uint32_t>(each.type) == number) return each.type;
  }
  return {};
}

std::optional<GgmlType> ggml_type(const std::string& name) {
  for (const Known& each : kKnown) {
    if (name == each.option) return each.type;
  }
  return {};
}

void quantize_blocks(GgmlType type, const float* from, uint64_t count, void* to) {
  const Known& how = known(type);
  how.quantize(from, count / how.block.elements, static_cast<unsigned char*>(to));
}

void dequantize_blocks(GgmlType type, const void* from, uint64_t count, float* to) {
  const Known& how = known(type);
  how.dequantize(static_cast<const unsigned char*>(from), count / how.block.elements, to);
}

float block_bound(GgmlType type, const float* values) {
  constexpr float kNone = std::numeric_limits<float>::infinity();
  const float first = std::fabs(values[0]);
  switch (type) {
    case GgmlType::f32: return 0;
    case GgmlType::bf16: return std::max(first / 256, std::numeric_limits<float>::min());
    case GgmlType::f16: return first > kMostHalf ? kNone : std::max(first / 2048, 0x1p-25f);
    case GgmlType::q4_k:
    case GgmlType::q5_k:
    case GgmlType::q6_k: return lost(known(type), values);
    case GgmlType::q8_0:
    case GgmlType::q4_0: break;
  }
  // Half a step (a whole one at the end that has a code less), and what rounding the scale to a half moves the largest code.
  const bool eight = type == GgmlType::q8_0;
  const float codes = eight ? 127.0f : 8.0f, scale = largest(values) / codes;
  if (!(scale <= kMostHalf)) return kNone;
  return (eight ? 0.5001f : 1.0001f) * scale + codes * std::max(scale / 2048, 0x1p-25f);
}

}  // namespace rankwise
