#include "cpu/isa/attention_kernels.h"
#include "cpu/isa/gemm_units.h"

namespace rankwise {
namespace RANKWISE_ISA {

const AttentionKernels& attention_kernels();

namespace {

constexpr int kWidth = 2 * kLanes;

// 2ˣ for what a softmax asks of it, to about 2 ulp: x is at most a rounding above 0, or the result is thrown away. The scale and the
// change of base ride on the multiply-add that subtracts the maximum, so this costs two thirds of exp(). −∞ gives 0.
static inline Vec power_of_two(Vec x) {
  x = largest(splat(-150.0f), x);
#if defined(__AVX512F__)
  const Vec n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  const Vec n = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#endif
  const Vec r = x - n;
  Vec p = splat(1.5403530e-4f);  // ln2ᵏ / k!
  p = fma(p, r, splat(1.3333558e-3f));
  p = fma(p, r, splat(9.6181291e-3f));
  p = fma(p, r, splat(5.5504109e-2f));
  p = fma(p, r, splat(2.4022651e-1f));
  p = fma(p, r, splat(6.9314718e-1f));
  p = fma(p, r, splat(1.0f));
#if defined(__AVX512F__)
  return _mm512_scalef_ps(p, n);
#else
  // In two factors: 2ⁿ itself may be below the normal numbers.
  const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1), bias = _mm256_set1_epi32(127);
  const Vec a = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
  const Vec b = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(whole, half), bias), 23));
  return p * a * b;
#endif
}
constexpr float kLog2e = 1.44269504f;

// x in the lanes (from lane `at` of the strip) that see key j, `other` in the rest.
static inline Vec visible(const AttentionMask& mask, int64_t at, int32_t j, Vec x, float other) {
#if defined(__AVX512F__)
  const __m512i key = _mm512_set1_epi32(j);
  const __mmask16 seen = _mm512_mask_cmplt_epi32_mask(_mm512_cmple_epi32_mask(_mm512_loadu_si512(mask.first + at), key), key,
                                                      _mm512_loadu_si512(mask.limit + at));
  return _mm512_mask_mov_ps(splat(other), seen, x);
#else
  const __m256i key = _mm256_set1_epi32(j);
  const __m256i before = _mm256_cmpgt_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(mask.first + at)), key);
  const __m256i inside = _mm256_cmpgt_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(mask.limit + at)), key);
  return _mm256_blendv_ps(splat(other), x, _mm256_castsi256_ps(_mm256_andnot_si256(before, inside)));
#endif
}
static inline bool all_see(const AttentionMask& mask, int64_t j) { return j >= mask.all_from && j < mask.all_to; }

#if defined(__AVX512BF16__)
// The 16 pairs (x[i], y[i]) in bfloat16.
static inline Vec pairs(Vec x, Vec y) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,  //
                                         23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_castsi512_ps(_mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(y, x)));
}
#endif

// Two neighbouring keys of a strip as units of k: `to` is the first of them, the second lies a row further where units are not pairs.
template <Unit U>
static inline void store_units(float* to, Vec x, Vec y, bool second) {
#if defined(__AVX512BF16__)
  if constexpr (U == Unit::pair) return store(to, pairs(x, y));
#endif
  store(to, U == Unit::exact ? x : rounded(x));
  if (second) store(to + kWidth, U == Unit::exact ? y : rounded(y));
}
template <Unit U>
static inline float* unit_of(float* units, int64_t key) { return units + (U == Unit::pair ? key / 2 : key) * kWidth; }

void cap_scores(float* scores, int64_t n, float factor, float cap) {
  const Vec by = splat(factor), times = splat(cap);
  for (int64_t j = 0; j < n; j += kLanes) store_up_to(scores + j, times * tanh(load_up_to(scores + j, n - j) * by), n - j);
}

void mask_scores(float* scores, int64_t key, int64_t keys, int64_t lanes, const AttentionMask& mask, float* largest_) {
  for (int64_t at = 0; at < lanes; at += kLanes) {
    Vec most = load(largest_ + at);
    for (int64_t j = 0; j < keys; ++j) {
      float* p = scores + j * kWidth + at;
      Vec x = load(p);
      if (!all_see(mask, key + j)) {
        x = visible(mask, at, static_cast<int32_t>(key + j), x, -__builtin_inff());
        store(p, x);
      }
      most = largest(most, x);
    }
    store(largest_ + at, most);
  }
}

template <Unit U>
void exponentials(float* scores, int64_t keys, int64_t lanes, float scale, const float* largest, float* sums) {
  const Vec by = splat(scale * kLog2e);
  for (int64_t at = 0; at < lanes; at += kLanes) {
    const Vec less = splat(0.0f) - load(largest + at) * by;
    Vec even = splat(0.0f), odd = splat(0.0f);
    for (int64_t j = 0; j < keys; j += 2) {
      const float* p = scores + j * kWidth + at;
      const bool second = j + 1 < keys;
      const Vec x = power_of_two(fma(load(p), by, less));
      const Vec y = second ? power_of_two(fma(load(p + kWidth), by, less)) : splat(0.0f);
      even = even + x;
      odd = odd + y;
      store_units<U>(unit_of<U>(scores, j) + at, x, y, second);
    }
    store(sums + at, load(sums + at) + (even + odd));
  }
}

static inline Vec probability(const AttentionMask& mask, int64_t at, int64_t j, Vec exponent) {
  const Vec p = power_of_two(exponent);
  return all_see(mask, j) ? p : visible(mask, at, static_cast<int32_t>(j), p, 0.0f);
}

template <Unit U, bool kCapped>
void gradients_of(float* scores, float* dp, float* units, int64_t key, int64_t keys, int64_t lanes, const AttentionMask& mask,
                  const float* lse, const float* delta, float scale, float cap) {
  const Vec by = splat(scale), base = splat(kCapped ? kLog2e : scale * kLog2e), inverse = splat(kCapped ? 1.0f / cap : 0.0f);
  const auto slope = [&](const float* score) {
    const Vec part = load(score) * inverse;
    return kCapped ? by * (splat(1.0f) - part * part) : by;
  };
  for (int64_t at = 0; at < lanes; at += kLanes) {
    const Vec less = splat(-kLog2e) * load(lse + at), mean = load(delta + at);
    for (int64_t j = 0; j < keys; j += 2) {
      float* s = scores + j * kWidth + at;
      float* d = dp + j * kWidth + at;
      const bool second = j + 1 < keys;
      const Vec p = probability(mask, at, key + j, fma(load(s), base, less));
      const Vec x = p * (load(d) - mean) * slope(s);
      store(s, p);
      store(d, x);
      Vec y = splat(0.0f);
      if (second) {
        const Vec p2 = probability(mask, at, key + j + 1, fma(load(s + kWidth), base, less));
        y = p2 * (load(d + kWidth) - mean) * slope(s + kWidth);
        store(s + kWidth, p2);
        store(d + kWidth, y);
      }
      if constexpr (U != Unit::exact) store_units<U>(unit_of<U>(units, j) + at, x, y, second);
    }
  }
}

template <Unit U>
void gradients(float* scores, float* dp, float* units, int64_t key, int64_t keys, int64_t lanes, const AttentionMask& mask, const float* lse,
               const float* delta, float scale, float cap) {
  const auto kernel = cap > 0 ? gradients_of<U, true> : gradients_of<U, false>;
  kernel(scores, dp, units, key, keys, lanes, mask, lse, delta, scale, cap);
}

template <class T>
void row_dots(const void* a_, int64_t lda, const void* b_, int64_t ldb, int64_t rows, int64_t cols, float* dots) {
  for (int64_t i = 0; i < rows; ++i) {
    const T* a = static_cast<const T*>(a_) + i * lda;
    const T* b = static_cast<const T*>(b_) + i * ldb;
    Vec sum = splat(0.0f);
    for (int64_t j = 0; j < cols; j += kLanes) sum = fma(load_up_to(a + j, cols - j), load_up_to(b + j, cols - j), sum);
    dots[i] = sum_lanes(sum);
  }
}

template <class T>
void store_rows(const float* from, int64_t ld_from, const float* factors, void* to_, int64_t ld_to, int64_t rows, int64_t cols) {
  for (int64_t i = 0; i < rows; ++i) {
    const Vec factor = splat(factors ? factors[i] : 1.0f);
    const float* line = from + i * ld_from;
    T* to = static_cast<T*>(to_) + i * ld_to;
    for (int64_t j = 0; j < cols; j += kLanes) store_up_to(to + j, load_up_to(line + j, cols - j) * factor, cols - j);
  }
}

template <class T>
void widen(const void* from, int64_t n, float* to) {
  const T* p = static_cast<const T*>(from);
  for (int64_t j = 0; j < n; j += kLanes) store_up_to(to + j, load_up_to(p + j, n - j), n - j);
}

template <Unit U>
float softmax_row(float* scores, int64_t n, float scale, float* largest_) {
  const Vec by = splat(scale);
  Vec most = splat(kNoAttentionScore);
  for (int64_t j = 0; j < n; j += kLanes) {
    const int64_t left = n - j;
    const Vec x = load_up_to(scores + j, left) * by;
    store_up_to(scores + j, x, left);
    most = largest(most, left >= kLanes ? x : keep_first(x, left, kNoAttentionScore));
  }
  *largest_ = max_lanes(most);
  most = splat(*largest_);
  Vec sum = splat(0.0f);
  for (int64_t j = 0; j < n; j += kLanes) {
    const int64_t left = n - j;
    Vec p = exp(load_up_to(scores + j, left) - most);
    if (left < kLanes) p = keep_first(p, left, 0.0f);
    sum = sum + p;
    store_up_to(scores + j, U == Unit::exact ? p : rounded(p), left);
  }
  return sum_lanes(sum);
}

constexpr AttentionKernels kKernels = {
    kWidth,
    cap_scores,
    mask_scores,
    {exponentials<Unit::exact>, exponentials<kBf16Unit>},
    {gradients<Unit::exact>, gradients<kBf16Unit>},
    {row_dots<float>, row_dots<Bf16>},
    {store_rows<float>, store_rows<Bf16>},
    {widen<float>, widen<Bf16>},
    {softmax_row<Unit::exact>, softmax_row<kBf16Unit>},
};

}  // namespace

const AttentionKernels& attention_kernels() { return kKernels; }

}  // namespace RANKWISE_ISA
}  // namespace rankwise
