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
static inline void dot_lines(int64_t k, const float* x, int64_t ldx, const T* w, int64_t ldw, float* sums, int64_t ld_sums) {
  Vec total[M][R];
  for (int i = 0; i < M; ++i) {
    for (int r = 0; r < R; ++r) total[i][r] = splat(0.0f);
  }
  for (int64_t at = 0; at < k; at += kLanes) {
    const int64_t left = k - at;
    Vec line[R];
    for (int r = 0; r < R; ++r) line[r] = element<T, U>(w + r * ldw + at, left);
    for (int i = 0; i < M; ++i) {
      const Vec y = load_up_to(x + i * ldx + at, left);
      for (int r = 0; r < R; ++r) total[i][r] = fma(y, line[r], total[i][r]);
    }
  }
  for (int i = 0; i < M; ++i) {
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
static inline void combine_lines(int64_t n, const float* x, int64_t ldx, const T* w, int64_t ldw, float* sums, int64_t ld_sums) {
  for (int64_t at = 0; at < n; at += kLanes) {
    const int64_t left = n - at;
    Vec line[R];
    for (int r = 0; r < R; ++r) line[r] = element<T, U>(w + r * ldw + at, left);
    for (int i = 0; i < M; ++i) {
      float* sum = sums + i * ld_sums + at;
      Vec total = load_up_to(sum, left);
      for (int r = 0; r < R; ++r) total = fma(splat(x[i * ldx + r]), line[r], total);
      store_up_to(sum, total, left);
    }
  }
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
