#include "cpu/isa/gemm_table.h"
#include "cpu/isa/gemm_units.h"

// One to four vectors times a matrix: bound by reading the matrix, so it is read once, in order, and not packed.
namespace rankwise {
namespace RANKWISE_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kLinesOfDots[kMostVectors] = {4, 4, 4, 4};
constexpr int kLinesCombined = 8;
#else
constexpr int kLinesOfDots[kMostVectors] = {4, 4, 2, 2};
constexpr int kLinesCombined = 4;
#endif

// Rounds only where the product asks for it; pairs are of no use to a matrix that is read once.
template <class T, Unit U>
static inline Vec element(const T* p, int64_t left) { return as_operand<U>(p, load_up_to(p, left)); }

template <class T, Unit U, int M, int R>
static inline void dot_lanes(int64_t left, const float* x, int64_t ldx, const T* w, int64_t ldw, Vec (&total)[M][R]) {
  Vec line[R];
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) line[r] = element<T, U>(w + r * ldw, left);
#pragma GCC unroll 4
  for (int i = 0; i < M; ++i) {
    const Vec y = load_up_to(x + i * ldx, left);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) total[i][r] = fma(y, line[r], total[i][r]);
  }
}

template <class T, Unit U, int M, int R>
static inline void dot_lines(int64_t k, const float* x, int64_t ldx, const T* w, int64_t ldw, float* sums, int64_t ld_sums) {
  Vec total[M][R];
#pragma GCC unroll 4
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) total[i][r] = splat(0.0f);
  }
  int64_t at = 0;
  for (; at + kLanes <= k; at += kLanes) dot_lanes<T, U, M, R>(kLanes, x + at, ldx, w + at, ldw, total);
  if (at < k) dot_lanes<T, U, M, R>(k - at, x + at, ldx, w + at, ldw, total);
#pragma GCC unroll 4
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) sums[i * ld_sums + r] += sum_lanes(total[i][r]);
  }
}

template <class T, Unit U, int M>
void dots_of(int64_t n, int64_t k, const float* x, int64_t ldx, const void* w_, int64_t ldw, float* sums, int64_t ld_sums) {
  constexpr int R = kLinesOfDots[M - 1];
  const T* w = static_cast<const T*>(w_);
  int64_t line = 0;
  for (; line + R <= n; line += R) dot_lines<T, U, M, R>(k, x, ldx, w + line * ldw, ldw, sums + line, ld_sums);
  for (; line < n; ++line) dot_lines<T, U, M, 1>(k, x, ldx, w + line * ldw, ldw, sums + line, ld_sums);
}

template <class T, Unit U, int M, int R>
static inline void combine_lanes(int64_t left, const float* x, int64_t ldx, const T* w, int64_t ldw, float* sums, int64_t ld_sums) {
  Vec line[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) line[r] = element<T, U>(w + r * ldw, left);
#pragma GCC unroll 4
  for (int i = 0; i < M; ++i) {
    Vec total = load_up_to(sums + i * ld_sums, left);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) total = fma(splat(x[i * ldx + r]), line[r], total);
    store_up_to(sums + i * ld_sums, total, left);
  }
}

template <class T, Unit U, int M, int R>
static inline void combine_lines(int64_t n, const float* x, int64_t ldx, const T* w, int64_t ldw, float* sums, int64_t ld_sums) {
  int64_t at = 0;
  for (; at + kLanes <= n; at += kLanes) combine_lanes<T, U, M, R>(kLanes, x, ldx, w + at, ldw, sums + at, ld_sums);
  if (at < n) combine_lanes<T, U, M, R>(n - at, x, ldx, w + at, ldw, sums + at, ld_sums);
}

template <class T, Unit U, int M>
void combine_of(int64_t n, int64_t k, const float* x, int64_t ldx, const void* w_, int64_t ldw, float* sums, int64_t ld_sums) {
  constexpr int R = kLinesCombined;
  const T* w = static_cast<const T*>(w_);
  int64_t line = 0;
  for (; line + R <= k; line += R) combine_lines<T, U, M, R>(n, x + line, ldx, w + line * ldw, ldw, sums, ld_sums);
  for (; line < k; ++line) combine_lines<T, U, M, 1>(n, x + line, ldx, w + line * ldw, ldw, sums, ld_sums);
}

template <class T, Unit U>
void dots(int64_t count, int64_t n, int64_t k, const float* x, int64_t ldx, const void* w, int64_t ldw, float* sums, int64_t ld_sums) {
  switch (count) {
    case 1: return dots_of<T, U, 1>(n, k, x, ldx, w, ldw, sums, ld_sums);
    case 2: return dots_of<T, U, 2>(n, k, x, ldx, w, ldw, sums, ld_sums);
    case 3: return dots_of<T, U, 3>(n, k, x, ldx, w, ldw, sums, ld_sums);
    case 4: return dots_of<T, U, 4>(n, k, x, ldx, w, ldw, sums, ld_sums);
  }
}

template <class T, Unit U>
void combine(int64_t count, int64_t n, int64_t k, const float* x, int64_t ldx, const void* w, int64_t ldw, float* sums, int64_t ld_sums) {
  switch (count) {
    case 1: return combine_of<T, U, 1>(n, k, x, ldx, w, ldw, sums, ld_sums);
    case 2: return combine_of<T, U, 2>(n, k, x, ldx, w, ldw, sums, ld_sums);
    case 3: return combine_of<T, U, 3>(n, k, x, ldx, w, ldw, sums, ld_sums);
    case 4: return combine_of<T, U, 4>(n, k, x, ldx, w, ldw, sums, ld_sums);
  }
}

}  // namespace

void add_gemv_kernels(GemmKernels& t) {
  t.dots[0][0] = dots<float, Unit::exact>;
  t.dots[0][1] = dots<Bf16, Unit::exact>;
  t.dots[1][0] = dots<float, Unit::rounded>;
  t.dots[1][1] = dots<Bf16, Unit::rounded>;
  t.combine[0][0] = combine<float, Unit::exact>;
  t.combine[0][1] = combine<Bf16, Unit::exact>;
  t.combine[1][0] = combine<float, Unit::rounded>;
  t.combine[1][1] = combine<Bf16, Unit::rounded>;
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
