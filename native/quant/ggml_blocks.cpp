#include "quant/ggml_blocks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "io/float_formats.h"

namespace rankwise {
namespace {

constexpr int kBlock = 32;
constexpr float kMostHalf = 65504.0f;

struct Known {
  GgmlType type;
  const char *name, *option;
  GgmlBlock block;
};
constexpr std::array<Known, 5> kKnown = {{
    {GgmlType::f32, "F32", "f32", {1, 4}},
    {GgmlType::f16, "F16", "f16", {1, 2}},
    {GgmlType::q4_0, "Q4_0", "q4_0", {kBlock, 2 + kBlock / 2}},
    {GgmlType::q8_0, "Q8_0", "q8_0", {kBlock, 2 + kBlock}},
    {GgmlType::bf16, "BF16", "bf16", {1, 2}},
}};

const Known& known(GgmlType type) {
  return *std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& each) { return each.type == type; });
}

// To nearest, ties to even; what is too large becomes infinite.
uint16_t half_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;  // from 65520 on
  if (magnitude < 0x38800000) {                       // subnormal: multiples of 2^-24
    const float scaled = std::fabs(value) * 16777216.0f;
    return sign | static_cast<uint16_t>(std::nearbyint(scaled));
  }
  const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return sign | static_cast<uint16_t>((rounded - 0x38000000) >> 13);
}

float half_value(const unsigned char* from) {
  float value;
  convert_floats(DType::f16, from, DType::f32, &value, 1);
  return value;
}

float largest(const float* values) {
  float most = 0;
  for (int i = 0; i < kBlock; ++i) most = std::max(most, std::fabs(values[i]));
  return most;
}

void quantize_q8_0(const float* from, unsigned char* to) {
  const float scale = largest(from) / 127.0f, inverse = scale ? 1.0f / scale : 0.0f;
  const uint16_t half = half_of(scale);
  std::memcpy(to, &half, 2);
  for (int i = 0; i < kBlock; ++i) to[2 + i] = static_cast<unsigned char>(static_cast<int8_t>(std::round(from[i] * inverse)));
}

// The value of the largest magnitude becomes −8, so that its sign picks the side that has one code more.
void quantize_q4_0(const float* from, unsigned char* to) {
  const float* most = from;
  for (int i = 1; i < kBlock; ++i) {
    if (std::fabs(from[i]) > std::fabs(*most)) most = from + i;
  }
  const float scale = *most / -8.0f, inverse = scale ? 1.0f / scale : 0.0f;
  const uint16_t half = half_of(scale);
  std::memcpy(to, &half, 2);
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
  auto* bytes = static_cast<unsigned char*>(to);
  if (type == GgmlType::f32) {
    std::memcpy(to, from, count * 4);
  } else if (type == GgmlType::bf16) {
    convert_floats(DType::f32, from, DType::bf16, to, count);
  } else if (type == GgmlType::f16) {
    for (uint64_t i = 0; i < count; ++i) {
      const uint16_t half = half_of(from[i]);
      std::memcpy(bytes + 2 * i, &half, 2);
    }
  } else {
    const uint64_t step = block_of(type).bytes;
    for (uint64_t i = 0; i < count / kBlock; ++i) (type == GgmlType::q8_0 ? quantize_q8_0 : quantize_q4_0)(from + i * kBlock, bytes + i * step);
  }
}

void dequantize_blocks(GgmlType type, const void* from, uint64_t count, float* to) {
  const auto* bytes = static_cast<const unsigned char*>(from);
  if (type == GgmlType::f32) {
    std::memcpy(to, from, count * 4);
  } else if (type == GgmlType::bf16 || type == GgmlType::f16) {
    convert_floats(type == GgmlType::f16 ? DType::f16 : DType::bf16, from, DType::f32, to, count);
  } else {
    const uint64_t step = block_of(type).bytes;
    for (uint64_t i = 0; i < count / kBlock; ++i) (type == GgmlType::q8_0 ? dequantize_q8_0 : dequantize_q4_0)(bytes + i * step, to + i * kBlock);
  }
}

float block_bound(GgmlType type, const float* values) {
  constexpr float kNone = std::numeric_limits<float>::infinity();
  const float first = std::fabs(values[0]);
  switch (type) {
    case GgmlType::f32: return 0;
    case GgmlType::bf16: return std::max(first / 256, std::numeric_limits<float>::min());
    case GgmlType::f16: return first > kMostHalf ? kNone : std::max(first / 2048, 0x1p-25f);
    default: break;
  }
  // Half a step (a whole one at the end that has a code less), and what rounding the scale to a half moves the largest code.
  const bool eight = type == GgmlType::q8_0;
  const float codes = eight ? 127.0f : 8.0f, scale = largest(values) / codes;
  if (!(scale <= kMostHalf)) return kNone;
  return (eight ? 0.5001f : 1.0001f) * scale + codes * std::max(scale / 2048, 0x1p-25f);
}

}  // namespace rankwise
