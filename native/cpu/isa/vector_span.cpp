#include "cpu/isa/vector_math.h"
#include "cpu/isa/vector_table.h"

namespace rankwise {
namespace RANKWISE_ISA {
namespace {

template <class A, class B>
void convert(int64_t n, const void* from_, void* to_) {
  const A* from = static_cast<const A*>(from_);
  B* to = static_cast<B*>(to_);
  for (int64_t j = 0; j < n; j += kLanes) store_up_to(to + j, load_up_to(from + j, n - j), n - j);
}

template <class X, class Y>
void axpby(int64_t n, float alpha, const void* x_, float beta, void* y_) {
  const X* x = static_cast<const X*>(x_);
  Y* y = static_cast<Y*>(y_);
  const Vec a = splat(alpha), b = splat(beta);
  if (beta == 0.0f) {
    for (int64_t j = 0; j < n; j += kLanes) store_up_to(y + j, a * load_up_to(x + j, n - j), n - j);
  } else {
    for (int64_t j = 0; j < n; j += kLanes) {
      const int64_t left = n - j;
      store_up_to(y + j, fma(a, load_up_to(x + j, left), b * load_up_to(y + j, left)), left);
    }
  }
}

void multiply(int64_t n, const float* a, const float* b, float* out) {
  for (int64_t j = 0; j < n; j += kLanes) store_up_to(out + j, load_up_to(a + j, n - j) * load_up_to(b + j, n - j), n - j);
}

// The halves of a vector of floats as doubles.
struct Doubles {
#if defined(__AVX512F__)
  __m512d low, high;
#else
  __m256d low, high;
#endif
};
static inline Doubles widen(Vec x) {
#if defined(__AVX512F__)
  return {_mm512_cvtps_pd(_mm512_castps512_ps256(x)), _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1))};
#else
  return {_mm256_cvtps_pd(_mm256_castps256_ps128(x)), _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1))};
#endif
}
static inline double total(const Doubles& sums) {
  double lanes[kLanes / 2];
#if defined(__AVX512F__)
  _mm512_storeu_pd(lanes, sums.low + sums.high);
#else
  _mm256_storeu_pd(lanes, sums.low + sums.high);
#endif
  double t = 0;
  for (double lane : lanes) t += lane;
  return t;
}

template <class T>
double sum(int64_t n, const void* x_) {
  const T* x = static_cast<const T*>(x_);
  Doubles sums = widen(splat(0));
  for (int64_t j = 0; j < n; j += kLanes) {
    const Doubles d = widen(load_up_to(x + j, n - j));
    sums.low += d.low;
    sums.high += d.high;
  }
  return total(sums);
}

template <class T>
double sum_squares(int64_t n, const void* x_) {
  const T* x = static_cast<const T*>(x_);
  Doubles sums = widen(splat(0));
  for (int64_t j = 0; j < n; j += kLanes) {
    const Doubles d = widen(load_up_to(x + j, n - j));
    sums.low += d.low * d.low;
    sums.high += d.high * d.high;
  }
  return total(sums);
}

template <class A, class B>
double squared_distance(int64_t n, const void* a_, const void* b_) {
  const A* a = static_cast<const A*>(a_);
  const B* b = static_cast<const B*>(b_);
  Doubles sums = widen(splat(0));
  for (int64_t j = 0; j < n; j += kLanes) {
    const Doubles d = widen(load_up_to(a + j, n - j)), e = widen(load_up_to(b + j, n - j));
    sums.low += (d.low - e.low) * (d.low - e.low);
    sums.high += (d.high - e.high) * (d.high - e.high);
  }
  return total(sums);
}

float dot(int64_t n, const float* a, const float* b) {
  Vec s0 = splat(0), s1 = splat(0), s2 = splat(0), s3 = splat(0);
  int64_t j = 0;
  for (; j + 4 * kLanes <= n; j += 4 * kLanes) {
    s0 = fma(load(a + j), load(b + j), s0);
    s1 = fma(load(a + j + kLanes), load(b + j + kLanes), s1);
    s2 = fma(load(a + j + 2 * kLanes), load(b + j + 2 * kLanes), s2);
    s3 = fma(load(a + j + 3 * kLanes), load(b + j + 3 * kLanes), s3);
  }
  for (; j < n; j += kLanes) s0 = fma(load_up_to(a + j, n - j), load_up_to(b + j, n - j), s0);
  return sum_lanes((s0 + s1) + (s2 + s3));
}

}  // namespace

void add_span_kernels(VectorKernels& t) {
  t.convert[0][0] = convert<float, float>;
  t.convert[0][1] = convert<float, Bf16>;
  t.convert[1][0] = convert<Bf16, float>;
  t.convert[1][1] = convert<Bf16, Bf16>;
  t.axpby[0][0] = axpby<float, float>;
  t.axpby[0][1] = axpby<float, Bf16>;
  t.axpby[1][0] = axpby<Bf16, float>;
  t.axpby[1][1] = axpby<Bf16, Bf16>;
  t.multiply = multiply;
  t.sum[0] = sum<float>;
  t.sum[1] = sum<Bf16>;
  t.sum_squares[0] = sum_squares<float>;
  t.sum_squares[1] = sum_squares<Bf16>;
  t.squared_distance[0][0] = squared_distance<float, float>;
  t.squared_distance[0][1] = squared_distance<float, Bf16>;
  t.squared_distance[1][0] = squared_distance<Bf16, float>;
  t.squared_distance[1][1] = squared_distance<Bf16, Bf16>;
  t.dot = dot;
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
