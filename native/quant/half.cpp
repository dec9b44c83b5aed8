#include "quant/half.h"

#include <cmath>
#include <cstring>

#include "io/float_formats.h"

namespace rankwise {

uint16_t half_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;  // from 65520 on
  if (magnitude < 0x38800000) {                      // subnormal: multiples of 2^-24
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

void put_half(uint16_t half, unsigned char* to) { std::memcpy(to, &half, 2); }

}  // namespace rankwise
