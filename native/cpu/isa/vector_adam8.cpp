#include "cpu/isa/vector_adam.h"
#include "cpu/isa/vector_table.h"

// Moments in 8 bits (Dettmers et al., 2022): per block of 256 elements one code each and one largest magnitude.
namespace rankwise {
namespace RANKWISE_ISA {
namespace {

constexpr int64_t kBlock = 256;
constexpr int kSignedZero = 127;

#if defined(__AVX512F__)
static inline Vec look_up(const float* map, const uint8_t* codes) {
  const __m512i index = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes)));
  return _mm512_mask_i32gather_ps(_mm512_setzero_ps(), 0xffff, index, map, 4);
}
// Number of midpoints below x, in steps of a binary search over 255.
static inline void nearest_codes(const float* midpoints, Vec x, uint8_t* codes) {
  __m512i code = _mm512_setzero_si512();
  for (int half = 128; half > 0; half /= 2) {
    const __m512i probe = _mm512_add_epi32(code, _mm512_set1_epi32(half));
    const Vec middle = _mm512_mask_i32gather_ps(_mm512_setzero_ps(), 0xffff, probe, midpoints - 1, 4);
    code = _mm512_mask_mov_epi32(code, _mm512_cmp_ps_mask(x, middle, _CMP_GT_OQ), probe);
  }
  _mm_storeu_si128(reinterpret_cast<__m128i*>(codes), _mm512_cvtepi32_epi8(code));
}
static inline Vec only_finite(Vec x, Vec measure) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(magnitude(measure), splat(__builtin_inff()), _CMP_LT_OQ), x);
}
#else
static inline Vec look_up(const float* map, const uint8_t* codes) {
  const __m256i index = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes)));
  return _mm256_i32gather_ps(map, index, 4);
}
static inline void nearest_codes(const float* midpoints, Vec x, uint8_t* codes) {
  __m256i code = _mm256_setzero_si256();
  for (int half = 128; half > 0; half /= 2) {
    const __m256i probe = _mm256_add_epi32(code, _mm256_set1_epi32(half));
    const Vec middle = _mm256_i32gather_ps(midpoints - 1, probe, 4);
    code = _mm256_blendv_epi8(code, probe, _mm256_castps_si256(_mm256_cmp_ps(x, middle, _CMP_GT_OQ)));
  }
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(code), _mm256_extracti128_si256(code, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(codes), _mm_packus_epi16(words, words));
}
static inline Vec only_finite(Vec x, Vec measure) {
  return _mm256_and_ps(x, _mm256_cmp_ps(magnitude(measure), splat(__builtin_inff()), _CMP_LT_OQ));
}
#endif

// Codes of one block of n ≤ 256 values, whose array is padded with zeros to a whole vector.
void quantize_block(int64_t n, const float* values, const float* map, const float* midpoints, bool is_signed, uint8_t* codes,
                    float* absmax) {
  Vec most = splat(0);
  for (int64_t j = 0; j < n; j += kLanes) most = largest(most, magnitude(load(values + j)));
  *absmax = max_lanes(most);
  if (*absmax == 0.0f) {
    for (int64_t j = 0; j < n; ++j) codes[j] = is_signed ? kSignedZero : 0;
    return;
  }
  uint8_t found[kBlock];
  const Vec scale = splat(*absmax);
  for (int64_t j = 0; j < n; j += kLanes) nearest_codes(midpoints, load(values + j) / scale, found + j);
  for (int64_t j = 0; j < n; ++j) {
    int code = found[j];
    // bitsandbytes' rule: what is stored never has another sign than the moment.
    if (is_signed && values[j] > 0.0f && map[code] < 0.0f) ++code;
    if (is_signed && values[j] < 0.0f && map[code] >= 0.0f) --code;
    codes[j] = static_cast<uint8_t>(code);
  }
}

// One block: advances the moments with full precision, hands each vector of directions to `apply(j, left, u, gradient)`, and stores the
// moments as codes. Where the gradient is not finite the moments become 0.
template <class G, class Apply>
void advance_block(int64_t n, const AdamVectors& c, const Moments8& s, int64_t from, const G* gradient, const Apply& apply) {
  alignas(64) float m[kBlock], v[kBlock];
  uint8_t codes[2][kBlock] = {};
  for (int64_t j = 0; j < n; ++j) {
    codes[0][j] = s.m_codes[from + j];
    codes[1][j] = s.v_codes[from + j];
  }
  const int64_t block = from / kBlock;
  const Vec m_scale = splat(s.m_absmax[block]), v_scale = splat(s.v_absmax[block]);
  for (int64_t j = 0; j < n; j += kLanes) {
    const int64_t left = n - j;
    Vec m_now = look_up(s.signed_map, codes[0] + j) * m_scale, v_now = look_up(s.unsigned_map, codes[1] + j) * v_scale;
    const Vec g = c.gradient_scale * load_up_to(gradient + from + j, left);
    const Vec u = adam_advance(c, g, m_now, v_now);
    m_now = only_finite(m_now, g);
    v_now = only_finite(v_now, g);
    store(m + j, left >= kLanes ? m_now : keep_first(m_now, left, 0.0f));
    store(v + j, left >= kLanes ? v_now : keep_first(v_now, left, 0.0f));
    apply(j, left, u, g);
  }
  quantize_block(n, m, s.signed_map, s.signed_midpoints, true, s.m_codes + from, s.m_absmax + block);
  quantize_block(n, v, s.unsigned_map, s.unsigned_midpoints, false, s.v_codes + from, s.v_absmax + block);
}

// kBlock is a whole number of runs, so that a block's parameters are stored run by run.
static_assert(kBlock % kRandomRun == 0);

template <class P, class G>
void adamw8(int64_t n, uint64_t first, const AdamConstants& constants, const Moments8& state, void* parameter_, const void* gradient_) {
  P* parameter = static_cast<P*>(parameter_);
  const AdamVectors c = adam_vectors(constants);
  const Vec decay = splat(constants.decay), rate = splat(-constants.rate);
  float values[kBlock];
  uint32_t untouched[kBlock];  // elements of this block whose gradient is not finite
  P before[kBlock];
  for (int64_t from = 0; from < n; from += kBlock) {
    const int64_t count = least(kBlock, n - from);
    P* p = parameter + from;
    int64_t skipped = 0;
    advance_block(count, c, state, from, static_cast<const G*>(gradient_), [&](int64_t j, int64_t left, Vec u, Vec g) {
      store(values + j, fma(rate, u, decay * load_up_to(p + j, left)));
      float raw[kLanes];
      store(raw, g - g);  // 0 where finite, NaN elsewhere
      for (int64_t i = 0; i < least(left, kLanes); ++i) {
        if (raw[i] != 0.0f) {
          before[skipped] = p[j + i];
          untouched[skipped++] = static_cast<uint32_t>(j + i);
        }
      }
    });
    for (int64_t j = 0; j < count; j += kRandomRun) {
      store_parameters(p + j, values + j, least(kRandomRun, count - j), first + static_cast<uint64_t>(from + j), constants);
    }
    for (int64_t i = 0; i < skipped; ++i) p[untouched[i]] = before[i];
  }
}

template <class G>
void adam_direction8(int64_t n, const AdamConstants& constants, const Moments8& state, const void* gradient_, float* update) {
  const AdamVectors c = adam_vectors(constants);
  for (int64_t from = 0; from < n; from += kBlock) {
    advance_block(least(kBlock, n - from), c, state, from, static_cast<const G*>(gradient_), [&](int64_t j, int64_t left, Vec u, Vec g) {
      store_up_to(update + from + j, only_finite(u, g), left);
    });
  }
}

}  // namespace

void add_adam8_kernels(VectorKernels& t) {
  t.adamw8[0][0] = adamw8<float, float>;
  t.adamw8[0][1] = adamw8<float, Bf16>;
  t.adamw8[1][0] = adamw8<Bf16, float>;
  t.adamw8[1][1] = adamw8<Bf16, Bf16>;
  t.adam_direction8[0] = adam_direction8<float>;
  t.adam_direction8[1] = adam_direction8<Bf16>;
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
