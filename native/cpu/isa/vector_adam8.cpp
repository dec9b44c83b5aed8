#include "cpu/isa/vector_adam.h"
#include "cpu/isa/vector_table.h"

// Moments in 8 bits (Dettmers et al., 2022): per block of 256 elements one code each and one largest magnitude.
namespace rankwise {
namespace RANKWISE_ISA {
namespace {

constexpr int64_t kBlock = 256;
constexpr int kSignedZero = 127;

// A map as the search of codes needs it (quant/maps.h).
struct CodeSearch {
  const float* midpoints;
  const int32_t* starts;
  int32_t shift, base, buckets;
};

#if defined(__AVX512F__)
static inline Vec look_up(const float* map, const uint8_t* codes) {
  const __m512i index = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes)));
  return _mm512_mask_i32gather_ps(_mm512_setzero_ps(), 0xffff, index, map, 4);
}
static inline __m512i step_up(const float* midpoints, Vec x, __m512i code) {
  const Vec middle = _mm512_mask_i32gather_ps(_mm512_setzero_ps(), 0xffff, code, midpoints, 4);
  return _mm512_mask_add_epi32(code, _mm512_cmp_ps_mask(x, middle, _CMP_GT_OQ), code, _mm512_set1_epi32(1));
}
static inline IntVec nearest_codes(const CodeSearch& search, Vec x) {
  const __m512i high = _mm512_srl_epi32(_mm512_castps_si512(magnitude(x)), _mm_cvtsi32_si128(search.shift));
  __m512i bucket = _mm512_sub_epi32(high, _mm512_set1_epi32(search.base));
  bucket = _mm512_min_epi32(_mm512_max_epi32(bucket, _mm512_setzero_si512()), _mm512_set1_epi32(search.buckets - 1));
  const __mmask16 negative = _mm512_movepi32_mask(_mm512_castps_si512(x));
  bucket = _mm512_mask_add_epi32(bucket, negative, bucket, _mm512_set1_epi32(search.buckets));
  const __m512i code = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), 0xffff, bucket, search.starts, 4);
  return step_up(search.midpoints, x, step_up(search.midpoints, x, code));
}
// bitsandbytes' rule: what is stored never has another sign than the moment. Only small negative moments come out as 0.
static inline IntVec keep_sign(IntVec code, Vec moment) {
  const __mmask16 negative = _mm512_cmp_ps_mask(moment, splat(0), _CMP_LT_OQ);
  const __mmask16 lost = _mm512_mask_cmpeq_epi32_mask(negative, code, _mm512_set1_epi32(kSignedZero));
  return _mm512_mask_sub_epi32(code, lost, code, _mm512_set1_epi32(1));
}
static inline void store_codes(uint8_t* to, IntVec code) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(code)); }
static inline Vec only_finite(Vec x, Vec measure) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(magnitude(measure), splat(__builtin_inff()), _CMP_LT_OQ), x);
}
// One bit per lane that is not finite.
static inline uint32_t not_finite(Vec x) { return _mm512_cmp_ps_mask(magnitude(x), splat(__builtin_inff()), _CMP_NLT_UQ); }
#else
static inline Vec look_up(const float* map, const uint8_t* codes) {
  const __m256i index = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes)));
  return _mm256_i32gather_ps(map, index, 4);
}
static inline __m256i step_up(const float* midpoints, Vec x, __m256i code) {
  const Vec middle = _mm256_i32gather_ps(midpoints, code, 4);
  return _mm256_sub_epi32(code, _mm256_castps_si256(_mm256_cmp_ps(x, middle, _CMP_GT_OQ)));
}
static inline IntVec nearest_codes(const CodeSearch& search, Vec x) {
  const __m256i high = _mm256_srl_epi32(_mm256_castps_si256(magnitude(x)), _mm_cvtsi32_si128(search.shift));
  __m256i bucket = _mm256_sub_epi32(high, _mm256_set1_epi32(search.base));
  bucket = _mm256_min_epi32(_mm256_max_epi32(bucket, _mm256_setzero_si256()), _mm256_set1_epi32(search.buckets - 1));
  const __m256i negative = _mm256_srai_epi32(_mm256_castps_si256(x), 31);
  bucket = _mm256_add_epi32(bucket, _mm256_and_si256(negative, _mm256_set1_epi32(search.buckets)));
  const __m256i code = _mm256_i32gather_epi32(search.starts, bucket, 4);
  return step_up(search.midpoints, x, step_up(search.midpoints, x, code));
}
// bitsandbytes' rule: what is stored never has another sign than the moment. Only small negative moments come out as 0.
static inline IntVec keep_sign(IntVec code, Vec moment) {
  const __m256i negative = _mm256_castps_si256(_mm256_cmp_ps(moment, splat(0), _CMP_LT_OQ));
  return _mm256_add_epi32(code, _mm256_and_si256(negative, _mm256_cmpeq_epi32(code, _mm256_set1_epi32(kSignedZero))));
}
static inline void store_codes(uint8_t* to, IntVec code) {
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(code), _mm256_extracti128_si256(code, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(words, words));
}
static inline Vec only_finite(Vec x, Vec measure) {
  return _mm256_and_ps(x, _mm256_cmp_ps(magnitude(measure), splat(__builtin_inff()), _CMP_LT_OQ));
}
// One bit per lane that is not finite.
static inline uint32_t not_finite(Vec x) {
  return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(magnitude(x), splat(__builtin_inff()), _CMP_NLT_UQ)));
}
#endif

// Codes of one block of n ≤ 256 values, whose array is padded with zeros to a whole vector. Codes go to `found`, padded alike.
void quantize_block(int64_t n, const float* values, const CodeSearch& search, bool is_signed, uint8_t* found, float* absmax) {
  Vec most = splat(0);
  for (int64_t j = 0; j < n; j += kLanes) most = largest(most, magnitude(load(values + j)));
  *absmax = max_lanes(most);
  // Of a block of zeros the quotients are zeros, too, and not NaN.
  const Vec scale = splat(*absmax > 0.0f ? *absmax : 1.0f);
  for (int64_t j = 0; j < n; j += kLanes) {
    const Vec moment = load(values + j);
    const IntVec code = nearest_codes(search, moment / scale);
    store_codes(found + j, is_signed ? keep_sign(code, moment) : code);
  }
}

// One block: advances the moments with full precision, hands each vector of directions to `apply(j, left, u, gradient)`, and stores the
// moments as codes. Where the gradient is not finite the moments become 0.
template <class G, class Apply>
void advance_block(int64_t n, const AdamVectors& c, const Moments8& s, int64_t from, const G* gradient, const Apply& apply) {
  alignas(64) float m[kBlock], v[kBlock];
  uint8_t codes[2][kBlock] = {};
  __builtin_memcpy(codes[0], s.m_codes + from, static_cast<size_t>(n));
  __builtin_memcpy(codes[1], s.v_codes + from, static_cast<size_t>(n));
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
  const CodeSearch m_search = {s.signed_midpoints, s.signed_starts, s.code_shift, s.code_base, s.code_buckets};
  const CodeSearch v_search = {s.unsigned_midpoints, s.unsigned_starts, s.code_shift, s.code_base, s.code_buckets};
  quantize_block(n, m, m_search, true, codes[0], s.m_absmax + block);
  quantize_block(n, v, v_search, false, codes[1], s.v_absmax + block);
  __builtin_memcpy(s.m_codes + from, codes[0], static_cast<size_t>(n));
  __builtin_memcpy(s.v_codes + from, codes[1], static_cast<size_t>(n));
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
      for (uint32_t lanes = not_finite(g); lanes != 0; lanes &= lanes - 1) {
        const int64_t element = j + __builtin_ctz(lanes);
        before[skipped] = p[element];
        untouched[skipped++] = static_cast<uint32_t>(element);
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
