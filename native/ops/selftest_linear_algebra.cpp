#include <cmath>

#include "ops/selftest_table.h"

namespace rankwise::selftest {
namespace {

using Values = std::vector<double>;

double row_product(const Values& a, int64_t i, const Values& b, int64_t j, int64_t n) {
  double sum = 0;
  for (int64_t k = 0; k < n; ++k) sum += a[static_cast<size_t>(i * n + k)] * b[static_cast<size_t>(j * n + k)];
  return sum;
}

double distance_from_orthonormal(const Values& rows, int64_t r, int64_t n) {
  double worst = 0;
  for (int64_t i = 0; i < r; ++i) {
    for (int64_t j = 0; j <= i; ++j) worst = worse(worst, std::fabs(row_product(rows, i, rows, j, n) - (i == j ? 1 : 0)));
  }
  return worst;
}

bool signs_fixed(const Values& rows, int64_t r, int64_t n) {
  for (int64_t i = 0; i < r; ++i) {
    int64_t largest = 0;
    for (int64_t k = 1; k < n; ++k) {
      if (std::fabs(rows[static_cast<size_t>(i * n + k)]) > std::fabs(rows[static_cast<size_t>(i * n + largest)])) largest = k;
    }
    if (rows[static_cast<size_t>(i * n + largest)] < 0) return false;
  }
  return true;
}

// A Gram matrix of rank at most `rank`.
Sample gram_of(Table& t, int64_t p, int64_t rank, int64_t apart) {
  const Values b = t.values(t.random(DType::f32, {p, rank}));
  return t.made(DType::f32, {p, p}, apart, [&](int64_t i, int64_t j) { return row_product(b, i, b, j, rank); });
}

void eigenvectors(Table& t, const std::vector<int64_t>& sizes) {
  std::vector<Sample> grams, outs, eigenvalues, scratches;
  std::vector<Values> before;
  std::vector<Backend::EighTask> tasks;
  for (const int64_t p : sizes) {
    const int64_t r = (p + 1) / 2;
    grams.push_back(gram_of(t, p, p, p % 3));
    before.push_back(t.values(grams.back()));
    outs.push_back(t.filled(DType::f32, {r, p}, 0, p % 2));
    eigenvalues.push_back(t.filled(DType::f32, {1, r}, 0));
    scratches.push_back(t.bytes(t.ops.eigh_scratch_bytes(p)));
    tasks.push_back({grams.back(), outs.back(), eigenvalues.back(), scratches.back()});
  }
  t.ops.eigh_top(tasks);
  for (size_t k = 0; k < sizes.size(); ++k) {
    const int64_t p = sizes[k], r = outs[k].view.rows;
    const Values rows = t.values(outs[k]), lambdas = t.values(eigenvalues[k]);
    double residual = 0;
    bool descending = true;
    for (int64_t i = 0; i < r; ++i) {
      const double lambda = lambdas[static_cast<size_t>(i)];
      if (i > 0) descending = descending && lambda <= lambdas[static_cast<size_t>(i - 1)];
      for (int64_t j = 0; j < p; ++j) {
        residual = worse(residual, std::fabs(row_product(before[k], j, rows, i, p) - lambda * rows[static_cast<size_t>(i * p + j)]));
      }
    }
    const std::string what = "eigh_top of " + std::to_string(p);
    t.expect(residual <= 4e-6 * std::sqrt(static_cast<double>(p)) * (lambdas[0] + 1e-3), what + ": residual " + std::to_string(residual));
    t.expect(distance_from_orthonormal(rows, r, p) <= 1e-4, what + ": not orthonormal");
    t.expect(descending && signs_fixed(rows, r, p), what + ": order or signs");
  }
}

void orthonormal_rows(Table& t, int64_t r, int64_t n, bool dependent) {
  const Sample a = t.random(DType::f32, {r, n}, 1.0, 3), scratch = t.filled(DType::f32, {r, n}, 0);
  if (dependent && r > 2) t.ops.copy(a.view.row_range(0, 1), a.view.row_range(2, 1));
  const Values before = t.values(a);
  t.ops.orthonormalize_rows(a, scratch);
  const Values q = t.values(a);
  const std::string what = label("orthonormalize_rows", {r, n}, {});
  t.expect(distance_from_orthonormal(q, r, n) <= 2e-5, what + (dependent ? " of dependent rows" : ""));
  t.expect(signs_fixed(q, r, n), what + ": signs");
  // The span stays: every old row is the sum of its projections on the new ones.
  double lost = 0;
  for (int64_t i = 0; i < r; ++i) {
    double kept = 0;
    for (int64_t j = 0; j <= i; ++j) kept += std::pow(row_product(before, i, q, j, n), 2);
    lost = worse(lost, std::fabs(kept - row_product(before, i, before, i, n)) / static_cast<double>(n));
  }
  t.expect(lost <= 1e-5, what + ": another span");
}

void row_signs(Table& t) {
  const Sample drawn = t.random(DType::f32, {6, 33});
  const Values before = t.values(drawn);
  const Sample a = t.made(DType::f32, {6, 33}, 2, [&](int64_t i, int64_t j) {
    if (i == 1 && (j == 4 || j == 9)) return j == 4 ? -5.0 : 5.0;  // a tie: the first decides
    if (i != 1 && j == (7 * i + 3) % 33) return i == 0 ? 3.0 : -3.0;  // the first row stays, the others turn, whatever was drawn
    return before[static_cast<size_t>(i * 33 + j)];
  });
  Values expected = t.values(a);
  for (int64_t i = 0; i < 6; ++i) {
    const Values row(expected.begin() + i * 33, expected.begin() + (i + 1) * 33);
    if (signs_fixed(row, 1, 33)) continue;
    for (size_t j = 0; j < 33; ++j) expected[static_cast<size_t>(i) * 33 + j] = -row[j];
  }
  t.ops.fix_row_signs(a);
  t.compare("fix_row_signs", a, expected, 1e-9);
}

// a·out·a = a, and out·a·out = out.
void pseudo_inverse(Table& t, int64_t r, int64_t rank) {
  const Sample a = gram_of(t, r, rank, 2);
  const Values as = t.values(a);
  const Sample scratch = t.bytes(t.ops.pseudo_inverse_scratch_bytes(r));
  t.ops.pseudo_inverse_symmetric(a, a, scratch);
  const Values inverse = t.values(a);
  const auto product = [&](const Values& x, const Values& y) {  // of symmetric matrices
    Values z;
    for (int64_t i = 0; i < r; ++i) {
      for (int64_t j = 0; j < r; ++j) z.push_back(row_product(x, i, y, j, r));
    }
    return z;
  };
  const auto transposed = [&](const Values& x) {
    Values z;
    for (int64_t i = 0; i < r; ++i) {
      for (int64_t j = 0; j < r; ++j) z.push_back(x[static_cast<size_t>(j * r + i)]);
    }
    return z;
  };
  const Values again = product(product(as, inverse), as);
  double worst = 0, largest = 0;
  for (size_t i = 0; i < as.size(); ++i) {
    worst = worse(worst, std::fabs(again[i] - as[i]));
    largest = std::max(largest, std::fabs(as[i]));
  }
  t.expect(worst <= 2e-3 * largest, "pseudo_inverse_symmetric of " + std::to_string(r) + " rank " + std::to_string(rank) + ": off by " +
                                        std::to_string(worst));
  const Values both = product(as, inverse), mirrored = transposed(both);
  double asymmetry = 0;
  for (size_t i = 0; i < both.size(); ++i) asymmetry = worse(asymmetry, std::fabs(both[i] - mirrored[i]));
  t.expect(asymmetry <= 2e-2, "pseudo_inverse_symmetric of " + std::to_string(r) + ": a times its inverse is no projection");
}

}  // namespace

void check_linear_algebra(Table& t) {
  eigenvectors(t, {64});
  eigenvectors(t, {1, 2, 3, 17, 33});
  for (const bool dependent : {false, true}) {
    orthonormal_rows(t, 1, 1, dependent);
    orthonormal_rows(t, 3, 17, dependent);
    orthonormal_rows(t, 33, 33, dependent);
    if (t.thorough) orthonormal_rows(t, 65, 513, dependent);
  }
  row_signs(t);
  pseudo_inverse(t, 1, 1);
  pseudo_inverse(t, 17, 17);
  pseudo_inverse(t, 33, 20);
}

}  // namespace rankwise::selftest
