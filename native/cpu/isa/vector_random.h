#pragma once
#include "cpu/isa/vector_math.h"

namespace rankwise {
namespace RANKWISE_ISA {

// Random words of 4·kLanes consecutive elements of a stream: kLanes Philox blocks side by side, one per lane.
constexpr int kRandomRun = 4 * kLanes;

#if defined(__AVX512F__)
static inline IntVec splat_int(uint32_t x) { return _mm512_set1_epi32(static_cast<int>(x)); }
static inline IntVec xor_int(IntVec a, IntVec b) { return _mm512_xor_si512(a, b); }
static inline IntVec multiply_low(IntVec a, IntVec b) { return _mm512_mullo_epi32(a, b); }
static inline IntVec multiply_high(IntVec a, IntVec b) {
  const IntVec even = _mm512_srli_epi64(_mm512_mul_epu32(a, b), 32);
  const IntVec odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), b);
  return _mm512_mask_mov_epi32(even, 0xAAAA, odd);
}
static inline IntVec load_int(const uint32_t* p) { return _mm512_loadu_si512(p); }
static inline void interleave(IntVec a, IntVec b, IntVec c, IntVec d, uint32_t* to) {
  const IntVec ab0 = _mm512_unpacklo_epi32(a, b), ab1 = _mm512_unpackhi_epi32(a, b);
  const IntVec cd0 = _mm512_unpacklo_epi32(c, d), cd1 = _mm512_unpackhi_epi32(c, d);
  const IntVec blocks[4] = {_mm512_unpacklo_epi64(ab0, cd0), _mm512_unpackhi_epi64(ab0, cd0), _mm512_unpacklo_epi64(ab1, cd1),
                            _mm512_unpackhi_epi64(ab1, cd1)};
  for (int k = 0; k < 4; ++k) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 4 * k), _mm512_extracti32x4_epi32(blocks[k], 0));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16 + 4 * k), _mm512_extracti32x4_epi32(blocks[k], 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 32 + 4 * k), _mm512_extracti32x4_epi32(blocks[k], 2));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 48 + 4 * k), _mm512_extracti32x4_epi32(blocks[k], 3));
  }
}
#else
static inline IntVec splat_int(uint32_t x) { return _mm256_set1_epi32(static_cast<int>(x)); }
static inline IntVec xor_int(IntVec a, IntVec b) { return _mm256_xor_si256(a, b); }
static inline IntVec multiply_low(IntVec a, IntVec b) { return _mm256_mullo_epi32(a, b); }
static inline IntVec multiply_high(IntVec a, IntVec b) {
  const IntVec even = _mm256_srli_epi64(_mm256_mul_epu32(a, b), 32);
  const IntVec odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), b);
  return _mm256_blend_epi32(even, odd, 0xAA);
}
static inline IntVec load_int(const uint32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
static inline void interleave(IntVec a, IntVec b, IntVec c, IntVec d, uint32_t* to) {
  const IntVec ab0 = _mm256_unpacklo_epi32(a, b), ab1 = _mm256_unpackhi_epi32(a, b);
  const IntVec cd0 = _mm256_unpacklo_epi32(c, d), cd1 = _mm256_unpackhi_epi32(c, d);
  const IntVec blocks[4] = {_mm256_unpacklo_epi64(ab0, cd0), _mm256_unpackhi_epi64(ab0, cd0), _mm256_unpacklo_epi64(ab1, cd1),
                            _mm256_unpackhi_epi64(ab1, cd1)};
  for (int k = 0; k < 4; ++k) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 4 * k), _mm256_castsi256_si128(blocks[k]));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16 + 4 * k), _mm256_extracti128_si256(blocks[k], 1));
  }
}
#endif

// Philox4x32-10, the same words as core/rng.h's stream_words(): blocks block … block + kLanes − 1 of the stream, in element order.
static inline void random_words(uint64_t stream_key, uint64_t stream_step, uint64_t block, uint32_t* to) {
  uint32_t low[kLanes], high[kLanes];
  for (int i = 0; i < kLanes; ++i) {
    low[i] = static_cast<uint32_t>(block + static_cast<uint64_t>(i));
    high[i] = static_cast<uint32_t>((block + static_cast<uint64_t>(i)) >> 32);
  }
  IntVec c0 = load_int(low), c1 = load_int(high);
  IntVec c2 = splat_int(static_cast<uint32_t>(stream_step)), c3 = splat_int(static_cast<uint32_t>(stream_step >> 32));
  uint32_t k0 = static_cast<uint32_t>(stream_key), k1 = static_cast<uint32_t>(stream_key >> 32);
  const IntVec m0 = splat_int(0xD2511F53u), m1 = splat_int(0xCD9E8D57u);
  for (int round = 0; round < 10; ++round) {
    const IntVec high0 = multiply_high(c0, m0), low0 = multiply_low(c0, m0);
    const IntVec high1 = multiply_high(c2, m1), low1 = multiply_low(c2, m1);
    c0 = xor_int(xor_int(high1, c1), splat_int(k0));
    c2 = xor_int(xor_int(high0, c3), splat_int(k1));
    c1 = low1;
    c3 = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  interleave(c0, c1, c2, c3, to);
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
