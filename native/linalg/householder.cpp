#include "linalg/householder.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace rankwise {
namespace {

constexpr int64_t kPanel = 16;  // reflections applied to a row while it is in the cache

// x ← (1 − 2vvᵀ)x over n elements; v is a unit vector or 0.
void reflect(const VectorKernels& kernels, int64_t n, const float* v, float* x) {
  kernels.axpby[0][0](n, -2.0f * kernels.dot(n, v, x), v, 1.0f, x);
}

// Replaces x by the unit v that reflects it onto its first axis; 0 (no reflection) where x is 0.
void make_reflector(const VectorKernels& kernels, int64_t n, float* x) {
  const float norm = std::sqrt(kernels.dot(n, x, x));
  if (!(norm > 0.0f)) {
    std::fill(x, x + n, 0.0f);
    return;
  }
  x[0] += std::copysign(norm, x[0]);
  const float length = std::sqrt(kernels.dot(n, x, x));
  kernels.axpby[0][0](n, 1.0f / length, x, 0.0f, x);
}

}  // namespace

void fix_sign(float* row, int64_t n) {
  int64_t largest = 0;
  for (int64_t j = 1; j < n; ++j) {
    if (std::fabs(row[j]) > std::fabs(row[largest])) largest = j;
  }
  if (n > 0 && row[largest] < 0.0f) {
    for (int64_t j = 0; j < n; ++j) row[j] = -row[j];
  }
}

void householder_rows(ThreadPool& pool, const VectorKernels& kernels, const View& a, float* scratch) {
  const int64_t r = a.rows, n = a.cols, team = pool.size();
  float* rows = a.as<float>();
  for (int64_t i = 0; i < r; ++i) std::copy_n(rows + i * a.ld, n, scratch + i * n);

  // Row k of scratch becomes reflector k, in its elements k … n − 1.
  for (int64_t from = 0; from < r; from += kPanel) {
    const int64_t end = std::min(r, from + kPanel);
    for (int64_t k = from; k < end; ++k) {
      make_reflector(kernels, n - k, scratch + k * n + k);
      for (int64_t i = k + 1; i < end; ++i) reflect(kernels, n - k, scratch + k * n + k, scratch + i * n + k);
    }
    const auto apply_panel = [&](int member) {
      for (int64_t i = end + member; i < r; i += team) {
        for (int64_t k = from; k < end; ++k) reflect(kernels, n - k, scratch + k * n + k, scratch + i * n + k);
      }
    };
    if (end < r) pool.run(std::cref(apply_panel));
  }

  // Row k of Q is H₀ H₁ … H_k e_k: later reflections leave e_k alone.
  const auto form_rows = [&](int member) {
    for (int64_t i = member; i < r; i += team) {
      float* q = rows + i * a.ld;
      std::fill(q, q + n, 0.0f);
      q[i] = 1.0f;
      for (int64_t k = i; k >= 0; --k) reflect(kernels, n - k, scratch + k * n + k, q + k);
      fix_sign(q, n);
    }
  };
  pool.run(std::cref(form_rows));
}

}  // namespace rankwise
