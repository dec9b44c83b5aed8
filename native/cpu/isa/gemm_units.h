#pragma once
#include "cpu/isa/vector_math.h"

namespace rankwise {
namespace RANKWISE_ISA {

// What a 32-bit unit of a packed panel holds.
enum class Unit {
  exact,    // an f32
  rounded,  // an f32 that is a bfloat16
  pair      // two bfloat16, the lower k in the lower half
};

#if defined(__AVX512BF16__)
constexpr Unit kBf16Unit = Unit::pair;
#else
constexpr Unit kBf16Unit = Unit::rounded;
#endif

// x rounded to bfloat16 and back.
static inline Vec rounded(Vec x) {
#if defined(__AVX512BF16__)
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(x)), 16));
#elif defined(__AVX512F__)
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(round_to_bf16(x)), 16));
#else
  return widen_bf16(round_to_bf16(x));
#endif
}

// Elements as an operand of the product: f32 sources are rounded where it works in bfloat16, bfloat16 ones are so already.
template <Unit U>
static inline Vec as_operand(const float*, Vec x) { return U == Unit::exact ? x : rounded(x); }
template <Unit U>
static inline Vec as_operand(const Bf16*, Vec x) { return x; }

}  // namespace RANKWISE_ISA
}  // namespace rankwise
