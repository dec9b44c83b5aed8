#include "cpu/isa/vector_math.h"
#include "cpu/isa/vector_table.h"

// NF4 (QLoRA, 2023): blocks of 64 elements, one largest magnitude each, two codes per byte with the first in the high nibble.
namespace rankwise {
namespace RANKWISE_ISA {
namespace {

constexpr int64_t kBlock = 64;

// Number of the 15 midpoints below each x.
#if defined(__AVX512F__)
static inline void level_codes(const float* midpoints, Vec x, int32_t* codes) {
  __m512i code = _mm512_setzero_si512();
  for (int i = 0; i < 15; ++i) {
    code = _mm512_mask_add_epi32(code, _mm512_cmp_ps_mask(x, splat(midpoints[i]), _CMP_GT_OQ), code, _mm512_set1_epi32(1));
  }
  _mm512_storeu_si512(codes, code);
}
#else
static inline void level_codes(const float* midpoints, Vec x, int32_t* codes) {
  __m256i code = _mm256_setzero_si256();
  for (int i = 0; i < 15; ++i) {
    code = _mm256_sub_epi32(code, _mm256_castps_si256(_mm256_cmp_ps(x, splat(midpoints[i]), _CMP_GT_OQ)));
  }
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes), code);
}
#endif

template <class T>
void quantize_nf4(int64_t n, const void* from_, const float* midpoints, uint8_t* codes, float* absmax) {
  const T* from = static_cast<const T*>(from_);
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t count = least(kBlock, n - begin);
    const T* x = from + begin;
    Vec most = splat(0);
    for (int64_t j = 0; j < count; j += kLanes) most = largest(magnitude(load_up_to(x + j, count - j)), most);
    const float scale = max_lanes(most);
    absmax[begin / kBlock] = scale;
    // The product with the reciprocal, and not a quotient, is what the reference codes come from. A block of zeros has code 7, the 0.
    const Vec inverse = splat(scale > 0.0f ? 1.0f / scale : 0.0f);
    int32_t found[kBlock];
    for (int64_t j = 0; j < count; j += kLanes) level_codes(midpoints, load_up_to(x + j, count - j) * inverse, found + j);
    uint8_t* to = codes + begin / 2;
    for (int64_t j = 0; j + 1 < count; j += 2) to[j / 2] = static_cast<uint8_t>(found[j] << 4 | found[j + 1]);
    if (count % 2 == 1) to[count / 2] = static_cast<uint8_t>(found[count - 1] << 4);
  }
}

#if defined(__AVX512F__)
struct Levels {
  __m512 all;
};
static inline Levels load_levels(const float* levels) { return {load(levels)}; }
// kLanes levels of kLanes / 2 bytes of codes: each byte fills a 64-bit lane, whose low half is the first element.
static inline Vec decode(const Levels& levels, const uint8_t* codes) {
  const __m512i bytes = _mm512_cvtepu8_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes)));
  const __m512i second = _mm512_slli_epi64(_mm512_and_si512(bytes, _mm512_set1_epi64(15)), 32);
  const __m512i index = _mm512_or_si512(_mm512_srli_epi64(bytes, 4), second);
  return _mm512_permutexvar_ps(index, levels.all);
}
#else
struct Levels {
  __m256 low, high;
};
static inline Levels load_levels(const float* levels) { return {load(levels), load(levels + 8)}; }
static inline Vec decode(const Levels& levels, const uint8_t* codes) {
  int32_t four;
  __builtin_memcpy(&four, codes, 4);
  const __m256i bytes = _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(four));
  const __m256i second = _mm256_slli_epi64(_mm256_and_si256(bytes, _mm256_set1_epi64x(15)), 32);
  const __m256i index = _mm256_or_si256(_mm256_srli_epi64(bytes, 4), second);
  const __m256 low = _mm256_permutevar8x32_ps(levels.low, index), high = _mm256_permutevar8x32_ps(levels.high, index);
  return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(index, 28)));
}
#endif

template <class T>
void dequantize_nf4(int64_t n, const uint8_t* codes, const float* absmax, const float* levels_, void* to_) {
  T* to = static_cast<T*>(to_);
  const Levels levels = load_levels(levels_);
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t count = least(kBlock, n - begin);
    const float scale = absmax[begin / kBlock];
    const uint8_t* block = codes + begin / 2;
    int64_t j = 0;
    for (; j + kLanes <= count; j += kLanes) store(to + begin + j, decode(levels, block + j / 2) * splat(scale));
    for (; j < count; ++j) {
      const int byte = block[j / 2];
      put(to + begin + j, levels_[j % 2 == 0 ? byte >> 4 : byte & 15] * scale);
    }
  }
}

}  // namespace

void add_nf4_kernels(VectorKernels& t) {
  t.quantize_nf4[0] = quantize_nf4<float>;
  t.quantize_nf4[1] = quantize_nf4<Bf16>;
  t.dequantize_nf4[0] = dequantize_nf4<float>;
  t.dequantize_nf4[1] = dequantize_nf4<Bf16>;
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
