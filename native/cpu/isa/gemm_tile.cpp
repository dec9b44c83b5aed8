#include "cpu/isa/gemm_table.h"
#include "cpu/isa/gemm_units.h"

// The tile of the product that lives in registers: every unit of k costs two loads of B, a broadcast per row of A, and a
// multiply-add per row and vector. 28 of 32 registers are sums with AVX-512, 12 of 16 with AVX2.
namespace rankwise {
namespace RANKWISE_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kRows = 14;
#else
constexpr int kRows = 6;
#endif
constexpr int kCols = 2 * kLanes;
constexpr int kRowStride = kLanes;
constexpr int64_t kWorthPrefetching = 32;  // units of k

template <Unit U>
static inline Vec multiply_add(Vec a, Vec b, Vec sum) {
#if defined(__AVX512BF16__)
  if constexpr (U == Unit::pair) return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
#endif
  return fma(a, b, sum);
}

static inline Vec load_as(const void* p, bool bf16, int64_t at, int64_t left) {
  return bf16 ? load_up_to(static_cast<const Bf16*>(p) + at, left) : load_up_to(static_cast<const float*>(p) + at, left);
}

#if defined(__AVX512BF16__)
static inline void store_bf16(Bf16* p, Vec x, int64_t left) {
  const __m256i y = (__m256i)_mm512_cvtneps_pbh(x);
  if (left >= kLanes) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), y);
  } else {
    _mm256_mask_storeu_epi16(p, first_lanes(left), y);
  }
}
#else
static inline void store_bf16(Bf16* p, Vec x, int64_t left) { store_up_to(p, x, left); }
#endif

// Columns [at, at + left) of row i of the tile.
[[gnu::always_inline]] static inline void store_out(const GemmTile& t, int64_t i, int64_t at, int64_t left, Vec x) {
  if (t.out_bf16) {
    store_bf16(static_cast<Bf16*>(t.out) + i * t.ld_out + at, x, left);
  } else {
    store_up_to(static_cast<float*>(t.out) + i * t.ld_out + at, x, left);
  }
}

[[gnu::always_inline]] static inline void finish(const GemmTile& t, int64_t i, int64_t at, int64_t left, Vec x, Vec bias) {
  if (t.partial) x = x + load_up_to(t.partial + i * t.ld_partial + at, left);
  x = fma(x, splat(t.alpha), bias);
  if (t.add) x = x + load_as(t.add, t.add_bf16, i * t.ld_add + at, left);
  store_out(t, i, at, left, x);
}

// A unit of A where it is stored: pairs of bfloat16 may begin at any even address.
typedef float StoredUnit __attribute__((aligned(2), may_alias));

// sum + a·b with one unit of A in all lanes.
template <Unit U>
static inline Vec broadcast_add(const StoredUnit* a, Vec b, Vec sum) {
#if defined(__AVX512BF16__)
  if constexpr (U == Unit::pair) {
    // The compiler would broadcast into a register first, which costs a third more where there is one product per broadcast.
    __asm__("vdpbf16ps %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(b), "m"(*a));
    return sum;
  }
#endif
  return fma(splat(*a), b, sum);
}

// Adds `units` of M rows of A times V vectors of B. Rows of a packed panel are neighbours; direct ones are reached from every third
// one, because an address can hold one or two steps but not three.
template <int M, int V, Unit U, bool kDirect>
[[gnu::always_inline]] static inline void add_strip(const GemmStrip& strip, Vec (&sums)[M][V]) {
  const float* b = static_cast<const float*>(strip.b);
  constexpr int kPointers = kDirect ? (M + 2) / 3 : 1;
  const int64_t step = strip.row_step;
  const char* rows[kPointers];
  for (int i = 0; i < kPointers; ++i) rows[i] = static_cast<const char*>(strip.a) + 3 * i * step;
  for (int64_t k = 0; k < strip.units; ++k) {
    Vec right[V];
#pragma GCC unroll 2
    for (int j = 0; j < V; ++j) {
      right[j] = load(b + j * kLanes);
      _mm_prefetch(reinterpret_cast<const char*>(b + j * kLanes + 8 * strip.b_step), _MM_HINT_T0);
    }
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i) {
      const StoredUnit* a = reinterpret_cast<const StoredUnit*>(kDirect ? rows[i / 3] + (i % 3) * step : rows[0] + 4 * i);
      if constexpr (V == 1) {
        sums[i][0] = broadcast_add<U>(a, right[0], sums[i][0]);
      } else {
        const Vec left = splat(*a);
#pragma GCC unroll 2
        for (int j = 0; j < V; ++j) sums[i][j] = multiply_add<U>(left, right[j], sums[i][j]);
      }
    }
#pragma GCC unroll 5
    for (int i = 0; i < kPointers; ++i) {
      rows[i] += kDirect ? 4 : 4 * kRowStride;
      __asm__("" : "+r"(rows[i]));  // or the compiler keeps a pointer per row, in memory
    }
    b += strip.b_step;
  }
}

// A whole tile that nothing is added to: without a branch per row, short sums gain a third.
template <int M, int V>
[[gnu::always_inline]] static inline void store_whole(const GemmTile& t, const Vec (&sums)[M][V]) {
  if (t.out_bf16) {
    Bf16* row = static_cast<Bf16*>(t.out);
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < V; ++j) store_bf16(row + j * kLanes, sums[i][j], kLanes);
      row += t.ld_out;
    }
  } else {
    float* row = static_cast<float*>(t.out);
#pragma GCC unroll 16
    for (int i = 0; i < M; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < V; ++j) store(row + j * kLanes, sums[i][j]);
      row += t.ld_out;
    }
  }
}

template <int M, int V, Unit U, bool kDirect>
void tile(int64_t n, const GemmStrip* strips, int64_t count, const GemmTile& t) {
  if (strips[0].units >= kWorthPrefetching) {
    // The rows of C are far apart: have their lines under way while the sums are made.
    const int64_t size = t.out_bf16 ? 2 : 4;
    for (int i = 0; i < M; ++i) {
      const char* line = static_cast<const char*>(t.out) + i * t.ld_out * size;
      _mm_prefetch(line, _MM_HINT_T0);
      _mm_prefetch(line + (n - 1) * size, _MM_HINT_T0);
    }
  }
  Vec sums[M][V];
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < V; ++j) sums[i][j] = splat(0.0f);
  }
  for (int64_t s = 0; s < count; ++s) add_strip<M, V, U, kDirect>(strips[s], sums);
  if (t.alpha == 1.0f && !t.bias && !t.add && !t.partial && n == V * kLanes) return store_whole<M, V>(t, sums);
  Vec bias[V];
#pragma GCC unroll 2
  for (int j = 0; j < V; ++j) bias[j] = t.bias ? load_as(t.bias, t.bias_bf16, j * kLanes, n - j * kLanes) : splat(0.0f);
#pragma GCC unroll 16
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < V; ++j) finish(t, i, j * kLanes, n - j * kLanes, sums[i][j], bias[j]);
  }
}

using Tile = void (*)(int64_t n, const GemmStrip* strips, int64_t count, const GemmTile& t);

template <Unit U, bool kDirect>
void any_tile(int64_t m, int64_t n, const GemmStrip* strips, int64_t count, const GemmTile& t) {
#define RANKWISE_TILES(M) {tile<M, 1, U, kDirect>, tile<M, 2, U, kDirect>}
  static constexpr Tile tiles[kRows][2] = {
      RANKWISE_TILES(1), RANKWISE_TILES(2), RANKWISE_TILES(3), RANKWISE_TILES(4), RANKWISE_TILES(5), RANKWISE_TILES(6),
#if defined(__AVX512F__)
      RANKWISE_TILES(7), RANKWISE_TILES(8), RANKWISE_TILES(9), RANKWISE_TILES(10), RANKWISE_TILES(11), RANKWISE_TILES(12),
      RANKWISE_TILES(13), RANKWISE_TILES(14),
#endif
  };
#undef RANKWISE_TILES
  tiles[m - 1][n > kLanes](n, strips, count, t);
}

}  // namespace

void add_tile_kernels(GemmKernels& t) {
  t.rows = kRows;
  t.cols = kCols;
  t.row_stride = kRowStride;
  t.units_of_two = kBf16Unit == Unit::pair;
  t.tile[0] = any_tile<Unit::exact, false>;
  t.tile[1] = any_tile<kBf16Unit, false>;
  t.direct_tile[0] = any_tile<Unit::exact, true>;
  t.direct_tile[1] = any_tile<kBf16Unit, true>;
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
