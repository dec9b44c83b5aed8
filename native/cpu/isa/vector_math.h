#pragma once
// Vectors of floats for the files of this folder, which are compiled once per instruction set: 16 lanes with AVX-512, 8 with AVX2.
// Everything is static and intrinsics only: an inline function of the standard library compiled here could be the copy that the
// linker keeps for the whole program, and would then run new instructions on an old processor.
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 warns about the deliberately undefined values inside its own header (PR 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif

#include <cstdint>

namespace rankwise {
namespace RANKWISE_ISA {

// A bfloat16 as stored.
struct Bf16 {
  uint16_t bits;
};

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static inline float to_float(float x) { return x; }
static inline float to_float(Bf16 x) { return __builtin_bit_cast(float, static_cast<uint32_t>(x.bits) << 16); }
static inline void put(float* to, float x) { *to = x; }
// Round to nearest even; a NaN stays one.
static inline void put(Bf16* to, float x) {
  const uint32_t u = __builtin_bit_cast(uint32_t, x);
  const bool nan = (u & 0x7fffffffu) > 0x7f800000u;
  to->bits = static_cast<uint16_t>(nan ? (u >> 16) | 0x40u : (u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}

#if defined(__AVX512F__)

constexpr int kLanes = 16;
using Vec = __m512;
using IntVec = __m512i;

static inline Vec splat(float x) { return _mm512_set1_ps(x); }
static inline Vec load(const float* p) { return _mm512_loadu_ps(p); }
static inline Vec load(const Bf16* p) {
  const __m256i raw = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(raw), 16));
}
static inline __m256i round_to_bf16(Vec x) {
  const __m512i u = _mm512_castps_si512(x);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff))), 16);
  const __m512i quiet = _mm512_or_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(0x40));
  return _mm512_cvtepi32_epi16(_mm512_mask_mov_epi32(rounded, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), quiet));
}
static inline void store(float* p, Vec x) { _mm512_storeu_ps(p, x); }
static inline void store(Bf16* p, Vec x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), round_to_bf16(x)); }

// The first n lanes (0 ≤ n < kLanes) from or to memory; the others read as 0.
static inline __mmask16 first_lanes(int64_t n) { return static_cast<__mmask16>((1u << n) - 1u); }
static inline Vec load_some(const float* p, int64_t n) { return _mm512_maskz_loadu_ps(first_lanes(n), p); }
static inline Vec load_some(const Bf16* p, int64_t n) {
  const __m256i raw = _mm256_maskz_loadu_epi16(first_lanes(n), p);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(raw), 16));
}
static inline void store_some(float* p, Vec x, int64_t n) { _mm512_mask_storeu_ps(p, first_lanes(n), x); }
static inline void store_some(Bf16* p, Vec x, int64_t n) { _mm256_mask_storeu_epi16(p, first_lanes(n), round_to_bf16(x)); }
// x in the first n lanes, `other` in the rest.
static inline Vec keep_first(Vec x, int64_t n, float other) { return _mm512_mask_mov_ps(splat(other), first_lanes(n), x); }

static inline Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
static inline Vec largest(Vec a, Vec b) { return _mm512_max_ps(a, b); }
static inline Vec smallest(Vec a, Vec b) { return _mm512_min_ps(a, b); }
static inline Vec root(Vec x) { return _mm512_sqrt_ps(x); }
static inline Vec magnitude(Vec x) { return _mm512_abs_ps(x); }

static inline float sum_lanes(Vec x) {
  const __m256 h = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  const __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(d, _mm_movehdup_ps(d)));
}
static inline float max_lanes(Vec x) {
  const __m256 h = _mm256_max_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  const __m128 q = _mm_max_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  const __m128 d = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(d, _mm_movehdup_ps(d)));
}

#else

constexpr int kLanes = 8;
using Vec = __m256;
using IntVec = __m256i;

static inline Vec splat(float x) { return _mm256_set1_ps(x); }
static inline Vec load(const float* p) { return _mm256_loadu_ps(p); }
static inline Vec widen_bf16(__m128i raw) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(raw), 16)); }
static inline Vec load(const Bf16* p) { return widen_bf16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
static inline __m128i round_to_bf16(Vec x) {
  const __m256i u = _mm256_castps_si256(x);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(u, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff))), 16);
  const __m256i quiet = _mm256_or_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(0x40));
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  const __m256i chosen = _mm256_blendv_epi8(rounded, quiet, nan);
  return _mm_packus_epi32(_mm256_castsi256_si128(chosen), _mm256_extracti128_si256(chosen, 1));
}
static inline void store(float* p, Vec x) { _mm256_storeu_ps(p, x); }
static inline void store(Bf16* p, Vec x) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), round_to_bf16(x)); }

// The first n lanes (0 ≤ n < kLanes) from or to memory; the others read as 0.
static inline __m256i first_lanes(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline Vec load_some(const float* p, int64_t n) { return _mm256_maskload_ps(p, first_lanes(n)); }
static inline Vec load_some(const Bf16* p, int64_t n) {
  alignas(16) Bf16 some[8] = {};
  for (int64_t i = 0; i < n; ++i) some[i] = p[i];
  return load(some);
}
static inline void store_some(float* p, Vec x, int64_t n) { _mm256_maskstore_ps(p, first_lanes(n), x); }
static inline void store_some(Bf16* p, Vec x, int64_t n) {
  alignas(16) Bf16 some[8];
  store(some, x);
  for (int64_t i = 0; i < n; ++i) p[i] = some[i];
}
// x in the first n lanes, `other` in the rest.
static inline Vec keep_first(Vec x, int64_t n, float other) {
  return _mm256_blendv_ps(splat(other), x, _mm256_castsi256_ps(first_lanes(n)));
}

static inline Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
static inline Vec largest(Vec a, Vec b) { return _mm256_max_ps(a, b); }
static inline Vec smallest(Vec a, Vec b) { return _mm256_min_ps(a, b); }
static inline Vec root(Vec x) { return _mm256_sqrt_ps(x); }
static inline Vec magnitude(Vec x) { return _mm256_andnot_ps(splat(-0.0f), x); }

static inline float sum_lanes(Vec x) {
  const __m128 q = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(d, _mm_movehdup_ps(d)));
}
static inline float max_lanes(Vec x) {
  const __m128 q = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 d = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(d, _mm_movehdup_ps(d)));
}

#endif

// Loads and stores for a loop `for (j = 0; j < n; j += kLanes)`: `left` = n − j elements are there, at least one.
static inline Vec load_up_to(const float* p, int64_t left) { return left >= kLanes ? load(p) : load_some(p, left); }
static inline Vec load_up_to(const Bf16* p, int64_t left) { return left >= kLanes ? load(p) : load_some(p, left); }
static inline void store_up_to(float* p, Vec x, int64_t left) { left >= kLanes ? store(p, x) : store_some(p, x, left); }
static inline void store_up_to(Bf16* p, Vec x, int64_t left) { left >= kLanes ? store(p, x) : store_some(p, x, left); }

// eˣ within 1.03 ulp over the normal numbers: argument reduced to |r| ≤ ln2/2 with a two-part ln2, degree-7 polynomial.
// −∞ gives 0, beyond 88.72 gives ∞, NaN stays NaN.
static inline Vec exp(Vec x) {
  x = smallest(splat(89.0f), largest(splat(-104.0f), x));  // in this order of operands both instructions hand a NaN on
#if defined(__AVX512F__)
  const Vec n = _mm512_roundscale_ps(x * splat(1.44269504f), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  const Vec n = _mm256_round_ps(x * splat(1.44269504f), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#endif
  Vec r = fma(n, splat(-0.693359375f), x);
  r = fma(n, splat(2.12194440e-4f), r);
  Vec p = splat(1.9841270e-4f);
  p = fma(p, r, splat(1.3888889e-3f));
  p = fma(p, r, splat(8.3333333e-3f));
  p = fma(p, r, splat(4.1666667e-2f));
  p = fma(p, r, splat(1.6666667e-1f));
  p = fma(p, r, splat(0.5f));
  p = fma(p * r, r, r) + splat(1.0f);
#if defined(__AVX512F__)
  return _mm512_scalef_ps(p, n);
#else
  // 2ⁿ in two factors, so that n = 128 and results below the normal numbers come out right.
  const __m256i whole = _mm256_cvtps_epi32(n);
  const __m256i half = _mm256_srai_epi32(whole, 1);
  const __m256i rest = _mm256_sub_epi32(whole, half);
  const __m256i bias = _mm256_set1_epi32(127);
  const Vec a = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
  const Vec b = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23));
  return p * a * b;
#endif
}

// tanh within 3 ulp: an odd polynomial below 0.625, above it 1 − 2 / (e²ˣ + 1) with the sign put back.
static inline Vec tanh(Vec x) {
  const Vec size = magnitude(x), z = x * x;
  Vec p = splat(-5.70498453e-3f);
  p = fma(p, z, splat(2.06390843e-2f));
  p = fma(p, z, splat(-5.37397154e-2f));
  p = fma(p, z, splat(1.33314416e-1f));
  p = fma(p, z, splat(-3.33332807e-1f));
  const Vec near = fma(x * z, p, x);
  const Vec far = splat(1.0f) - splat(2.0f) / (exp(size + size) + splat(1.0f));
#if defined(__AVX512F__)
  const Vec turned = _mm512_or_ps(far, _mm512_and_ps(x, splat(-0.0f)));
  return _mm512_mask_mov_ps(turned, _mm512_cmp_ps_mask(size, splat(0.625f), _CMP_LT_OQ), near);
#else
  const Vec turned = _mm256_or_ps(far, _mm256_and_ps(x, splat(-0.0f)));
  return _mm256_blendv_ps(turned, near, _mm256_cmp_ps(size, splat(0.625f), _CMP_LT_OQ));
#endif
}

// 1 / (1 + e⁻ˣ).
static inline Vec sigmoid(Vec x) { return splat(1.0f) / (splat(1.0f) + exp(splat(0.0f) - x)); }

}  // namespace RANKWISE_ISA
}  // namespace rankwise
