#include "io/float_formats.h"

#include <bit>
#include <cstring>

#include "core/error.h"

namespace rankwise {
namespace {

// Written with integers and one exact conversion, so that the result does not depend on the processor's mode for denormals.
uint32_t f32_bits_of_f16(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t exponent = half >> 10 & 31;
  const uint32_t mantissa = half & 0x3ff;
  const uint32_t normal = ((exponent + 112) << 23) | mantissa << 13;
  const uint32_t special = 0x7f800000u | mantissa << 13;
  const uint32_t small = std::bit_cast<uint32_t>(static_cast<float>(mantissa) * 0x1p-24f);
  return sign | (exponent == 0 ? small : exponent == 31 ? special : normal);
}

uint16_t bf16_of_f32_bits(uint32_t bits) {
  const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
  const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
  const uint32_t quiet = bits >> 16 | 0x40;  // rounding could carry a NaN into infinity
  return static_cast<uint16_t>(nan ? quiet : rounded);
}

template <class From, class To, To (*convert)(From)>
void convert_all(const void* from, void* to, uint64_t count) {
  const char* source = static_cast<const char*>(from);
  char* target = static_cast<char*>(to);
  for (uint64_t i = 0; i < count; ++i) {
    From element;
    std::memcpy(&element, source + i * sizeof(From), sizeof(From));
    const To result = convert(element);
    std::memcpy(target + i * sizeof(To), &result, sizeof(To));
  }
}

uint32_t f32_bits_of_bf16(uint16_t bits) { return static_cast<uint32_t>(bits) << 16; }
uint16_t bf16_of_f16(uint16_t half) { return bf16_of_f32_bits(f32_bits_of_f16(half)); }

}  // namespace

void convert_floats(DType from_type, const void* from, DType to_type, void* to, uint64_t count) {
  if (count == 0) return;
  if (from_type == to_type && (to_type == DType::f32 || to_type == DType::bf16)) {
    std::memcpy(to, from, count * bytes_of(to_type));
  } else if (from_type == DType::bf16 && to_type == DType::f32) {
    convert_all<uint16_t, uint32_t, f32_bits_of_bf16>(from, to, count);
  } else if (from_type == DType::f16 && to_type == DType::f32) {
    convert_all<uint16_t, uint32_t, f32_bits_of_f16>(from, to, count);
  } else if (from_type == DType::f32 && to_type == DType::bf16) {
    convert_all<uint32_t, uint16_t, bf16_of_f32_bits>(from, to, count);
  } else if (from_type == DType::f16 && to_type == DType::bf16) {
    convert_all<uint16_t, uint16_t, bf16_of_f16>(from, to, count);
  } else {
    fail("E_TENSOR", "A tensor can be converted from float32, bfloat16 or float16 to float32 or bfloat16 only.");
  }
}

}  // namespace rankwise
