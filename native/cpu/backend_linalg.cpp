#include <algorithm>
#include <vector>

#include "cpu/backend_spans.h"
#include "linalg/eigen_symmetric.h"
#include "linalg/householder.h"
#include "ops/shape_checks.h"

namespace rankwise {
namespace {

constexpr int64_t kLineFloats = 16;
struct alignas(64) CacheLine {
  float values[kLineFloats];
};

}  // namespace

// Tasks go round the team, one thread each. The eigenvectors replace the Gram matrix as rows in ascending order; what is asked is
// copied out from the end.
void CpuBackend::eigh_top(std::span<const EighTask> tasks) {
  shape_checks::eigh_top(tasks, *this);
  const auto solve = [&](const EighTask& task) {
    const int64_t p = task.gram.rows, r = task.out.rows;
    float* gram = task.gram.as<float>();
    // Four vectors of p floats: small beside the matrix, and of every size that comes. Aligned, because Eigen cuts its sums by the
    // address of what it adds: without it the last bits would depend on where the heap happens to place them.
    std::vector<CacheLine> lines(static_cast<size_t>((4 * p + kLineFloats - 1) / kLineFloats));
    float* vectors = lines.data()->values;
    eigen_symmetric_in_place(gram, p, task.gram.ld, vectors, vectors + p);
    for (int64_t i = 0; i < r; ++i) {
      float* row = task.out.as<float>() + i * task.out.ld;
      std::copy_n(gram + (p - 1 - i) * p, p, row);
      fix_sign(row, p);
      task.eigenvalues.as<float>()[i] = vectors[p - 1 - i];
    }
  };
  if (tasks.size() == 1) return solve(tasks[0]);
  const auto share = [&](int member) {
    for (size_t i = static_cast<size_t>(member); i < tasks.size(); i += static_cast<size_t>(pool_.size())) solve(tasks[i]);
  };
  pool_.run(std::cref(share));
}

void CpuBackend::orthonormalize_rows(const View& a, const View& scratch) {
  shape_checks::orthonormalize_rows(a, scratch);
  householder_rows(pool_, kernels_, a, scratch.as<float>());
}

void CpuBackend::fix_row_signs(const View& a) {
  shape_checks::f32("fix_row_signs", a);
  for (int64_t row = 0; row < a.rows; ++row) fix_sign(a.as<float>() + row * a.ld, a.cols);
}

void CpuBackend::pseudo_inverse_symmetric(const View& a, const View& out, const View& scratch) {
  shape_checks::pseudo_inverse_symmetric(a, out, scratch, *this);
  eigen_pseudo_inverse(a.as<float>(), a.ld, a.rows, 1e-7f, out.as<float>(), out.ld);
}

}  // namespace rankwise
