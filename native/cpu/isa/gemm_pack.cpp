#include "cpu/isa/gemm_table.h"
#include "cpu/isa/gemm_units.h"

// Cuts operands into the panels that the tile reads in order, converting as it goes.
namespace rankwise {
namespace RANKWISE_ISA {
namespace {

constexpr int64_t per_unit(Unit u) { return u == Unit::pair ? 2 : 1; }

template <class T>
static inline Vec load_or_zero(const T* p, int64_t left) { return left > 0 ? load_up_to(p, left) : splat(0.0f); }

#if defined(__AVX512BF16__)
// The 16 pairs (x[i], y[i]) of two vectors.
static inline Vec interleave(__m256i x, __m256i y) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18,
                                         2, 17, 1, 16, 0);
  return _mm512_castsi512_ps(_mm512_permutexvar_epi16(order, _mm512_inserti64x4(_mm512_castsi256_si512(x), y, 1)));
}
static inline __mmask32 first_halves(int64_t n) { return n >= 32 ? ~__mmask32{0} : (__mmask32{1} << n) - 1; }
static inline __m256i lanes_bf16(const Bf16* p, int64_t left) {
  return left >= kLanes ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)) : _mm256_maskz_loadu_epi16(first_lanes(left), p);
}
static inline __m256i lanes_bf16(const float* p, int64_t left) { return (__m256i)_mm512_cvtneps_pbh(load_up_to(p, left)); }
static inline Vec line_pairs(const Bf16* p, int64_t left) {
  return left <= 0 ? splat(0.0f) : _mm512_castsi512_ps(_mm512_maskz_loadu_epi16(first_halves(left), p));
}
static inline Vec line_pairs(const float* p, int64_t left) {
  const Vec low = load_or_zero(p, left), high = load_or_zero(p + kLanes, left - kLanes);
  return _mm512_castsi512_ps((__m512i)_mm512_cvtne2ps_pbh(high, low));
}
#endif

// kLanes lanes of one unit, from one line per k; `paired`: the line of the next k is there too.
template <class T, Unit U>
static inline Vec lanes_unit(const T* p, int64_t ld, int64_t left, bool paired) {
#if defined(__AVX512BF16__)
  if constexpr (U == Unit::pair) {
    return interleave(lanes_bf16(p, left), paired ? lanes_bf16(p + ld, left) : _mm256_setzero_si256());
  }
#endif
  return as_operand<U>(p, load_up_to(p, left));
}

// kLanes units of one lane, from a line along k with `left` elements.
template <class T, Unit U>
static inline Vec line_units(const T* p, int64_t left) {
#if defined(__AVX512BF16__)
  if constexpr (U == Unit::pair) return line_pairs(p, left);
#endif
  return as_operand<U>(p, load_or_zero(p, left));
}

#if defined(__AVX512F__)
static inline void transpose(Vec* r) {
  __m512d t[16];
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_castps_pd(_mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]));
    t[2 * i + 1] = _mm512_castps_pd(_mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]));
  }
  for (int i = 0; i < 4; ++i) {
    r[4 * i] = _mm512_castpd_ps(_mm512_unpacklo_pd(t[4 * i], t[4 * i + 2]));
    r[4 * i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(t[4 * i], t[4 * i + 2]));
    r[4 * i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(t[4 * i + 1], t[4 * i + 3]));
    r[4 * i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(t[4 * i + 1], t[4 * i + 3]));
  }
  Vec s[16];
  for (int i = 0; i < 4; ++i) {
    s[i] = _mm512_shuffle_f32x4(r[i], r[4 + i], 0x88);
    s[4 + i] = _mm512_shuffle_f32x4(r[i], r[4 + i], 0xdd);
    s[8 + i] = _mm512_shuffle_f32x4(r[8 + i], r[12 + i], 0x88);
    s[12 + i] = _mm512_shuffle_f32x4(r[8 + i], r[12 + i], 0xdd);
  }
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_shuffle_f32x4(s[i], s[8 + i], 0x88);
    r[8 + i] = _mm512_shuffle_f32x4(s[i], s[8 + i], 0xdd);
    r[4 + i] = _mm512_shuffle_f32x4(s[4 + i], s[12 + i], 0x88);
    r[12 + i] = _mm512_shuffle_f32x4(s[4 + i], s[12 + i], 0xdd);
  }
}
#else
static inline void transpose(Vec* r) {
  __m256d t[8];
  for (int i = 0; i < 4; ++i) {
    t[2 * i] = _mm256_castps_pd(_mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]));
    t[2 * i + 1] = _mm256_castps_pd(_mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]));
  }
  Vec s[8];
  for (int i = 0; i < 2; ++i) {
    s[4 * i] = _mm256_castpd_ps(_mm256_unpacklo_pd(t[4 * i], t[4 * i + 2]));
    s[4 * i + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(t[4 * i], t[4 * i + 2]));
    s[4 * i + 2] = _mm256_castpd_ps(_mm256_unpacklo_pd(t[4 * i + 1], t[4 * i + 3]));
    s[4 * i + 3] = _mm256_castpd_ps(_mm256_unpackhi_pd(t[4 * i + 1], t[4 * i + 3]));
  }
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm256_permute2f128_ps(s[i], s[4 + i], 0x20);
    r[4 + i] = _mm256_permute2f128_ps(s[i], s[4 + i], 0x31);
  }
}
#endif

constexpr int64_t kUnitsAtOnce = 4;

// `units` full units of a panel of G vectors, all of whose lanes exist in the source (those beyond the panel's last are the next
// panel's: copied, never used).
template <class T, Unit U, int G>
static inline void copy_units(const T* line, int64_t ld, int64_t units, float* to) {
  for (int64_t u = 0; u < units; ++u) {
    for (int g = 0; g < G; ++g) store(to + g * kLanes, lanes_unit<T, U>(line + g * kLanes, ld, kLanes, true));
    line += ld * per_unit(U);
    to += G * kLanes;
  }
}

// The last unit of an odd k, or the last panel.
template <class T, Unit U>
static inline void copy_edge(const T* line, int64_t ld, int64_t k, int64_t lanes, int64_t unit_stride, float* to) {
  for (int64_t at = 0; at < k; at += per_unit(U)) {
    for (int64_t j = 0; j < lanes && j < unit_stride; j += kLanes) {
      store(to + j, lanes_unit<T, U>(line + at * ld + j, ld, lanes - j, at + 1 < k));
    }
    to += unit_stride;
  }
}

// Goes through a few lines of the source at a time, panel by panel, so that memory is read in order.
template <class T, Unit U, int G>
void pack_panels(const T* from, int64_t ld, int64_t k, const GemmPanels& panels) {
  constexpr int64_t kStep = kUnitsAtOnce * per_unit(U);
  for (int64_t at = 0; at < k; at += kStep) {
    const int64_t depth = least(kStep, k - at);
    const T* lines = from + at * ld;
    float* to = reinterpret_cast<float*>(panels.to) + at / per_unit(U) * panels.unit_stride;
    int64_t lane = 0;
    if (depth == kStep) {
      for (; lane + G * kLanes <= panels.width; lane += panels.panel_lanes) {
        copy_units<T, U, G>(lines + lane, ld, kUnitsAtOnce, to);
        to += panels.panel_stride;
      }
    }
    for (; lane < panels.width; lane += panels.panel_lanes) {
      copy_edge<T, U>(lines + lane, ld, depth, panels.width - lane, panels.unit_stride, to);
      to += panels.panel_stride;
    }
  }
}

template <class T, Unit U>
void pack_lanes(const void* from, int64_t ld, int64_t k, const GemmPanels& panels) {
  if (panels.unit_stride == kLanes) {
    pack_panels<T, U, 1>(static_cast<const T*>(from), ld, k, panels);
  } else {
    pack_panels<T, U, 2>(static_cast<const T*>(from), ld, k, panels);
  }
}

template <class T, Unit U>
void pack_lines(const void* from_, int64_t ld, int64_t k, const GemmPanels& panels) {
  const T* from = static_cast<const T*>(from_);
  const int64_t units = (k + per_unit(U) - 1) / per_unit(U);
  float* panel = reinterpret_cast<float*>(panels.to);
  for (int64_t lane = 0; lane < panels.width; lane += panels.panel_lanes) {
    const int64_t lanes = least(panels.panel_lanes, panels.width - lane);
    for (int64_t j = 0; j < lanes; j += kLanes) {
      const T* line = from + (lane + j) * ld;
      const int64_t lines = least(kLanes, lanes - j);
      for (int64_t unit = 0; unit < units; unit += kLanes) {
        const int64_t at = unit * per_unit(U);
        Vec block[kLanes];
        if (lines == kLanes) {
          for (int i = 0; i < kLanes; ++i) block[i] = line_units<T, U>(line + i * ld + at, k - at);
        } else {
          for (int i = 0; i < kLanes; ++i) block[i] = i < lines ? line_units<T, U>(line + i * ld + at, k - at) : splat(0.0f);
        }
        transpose(block);
        float* to = panel + unit * panels.unit_stride + j;
        const int64_t count = least(kLanes, units - unit);
        if (count == kLanes) {
          for (int i = 0; i < kLanes; ++i) store(to + i * panels.unit_stride, block[i]);
        } else {
          for (int64_t i = 0; i < count; ++i) store(to + i * panels.unit_stride, block[i]);
        }
      }
    }
    panel += panels.panel_stride;
  }
}

}  // namespace

void add_pack_kernels(GemmKernels& t) {
  t.pack_lanes[0][0] = pack_lanes<float, Unit::exact>;
  t.pack_lanes[0][1] = pack_lanes<Bf16, Unit::exact>;
  t.pack_lanes[1][0] = pack_lanes<float, kBf16Unit>;
  t.pack_lanes[1][1] = pack_lanes<Bf16, kBf16Unit>;
  t.pack_lines[0][0] = pack_lines<float, Unit::exact>;
  t.pack_lines[0][1] = pack_lines<Bf16, Unit::exact>;
  t.pack_lines[1][0] = pack_lines<float, kBf16Unit>;
  t.pack_lines[1][1] = pack_lines<Bf16, kBf16Unit>;
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
