#include "linalg/eigen_symmetric.h"

#include <Eigen/Dense>
#include <cmath>
#include <cstring>

#include "core/error.h"

namespace rankwise {
namespace {

[[noreturn]] void refuse() {
  fail("E_EIGEN", "A symmetric eigenproblem has entries that are not finite or did not converge.",
       "The gradient it came from has probably overflowed; lower the learning rate or clip gradients.");
}

}  // namespace

// SelfAdjointEigenSolver would copy the matrix to the heap, which no account sees; its three steps work in place on a map.
void eigen_symmetric_in_place(float* a, int64_t p, int64_t ld, float* eigenvalues, float* work) {
  using Matrix = Eigen::Map<Eigen::MatrixXf>;
  using Vector = Eigen::Map<Eigen::VectorXf>;
  if (p == 0) return;
  // The iteration takes columns to lie side by side.
  for (int64_t i = 1; i < p && ld != p; ++i) std::memmove(a + i * p, a + i * ld, static_cast<size_t>(p) * sizeof(float));
  Matrix matrix(a, p, p);  // column-major is the transpose, which is the same matrix
  Vector values(eigenvalues, p);
  if (p == 1) {
    values[0] = matrix(0, 0);
    if (!std::isfinite(values[0])) refuse();
    matrix(0, 0) = 1.0f;
    return;
  }
  Vector below(work, p - 1), coefficients(work + p, p - 1), space(work + 2 * p, p);
  float scale = matrix.cwiseAbs().maxCoeff<Eigen::PropagateNaN>();
  if (!std::isfinite(scale)) refuse();
  if (scale == 0.0f) scale = 1.0f;
  matrix.triangularView<Eigen::Lower>() /= scale;
  Eigen::internal::tridiagonalization_inplace(matrix, coefficients);
  values = matrix.diagonal();
  below = matrix.diagonal<-1>();
  Eigen::HouseholderSequence<Matrix, Vector>(matrix, coefficients).setLength(p - 1).setShift(1).evalTo(matrix, space);
  const auto info = Eigen::internal::computeFromTridiagonal_impl(values, below, 30, true, matrix);
  if (info != Eigen::Success) refuse();
  values *= scale;
}

void eigen_pseudo_inverse(const float* a, int64_t lda, int64_t r, float cutoff, float* out, int64_t ldout) {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  if (r == 0) return;
  const Eigen::Map<const Rows, 0, Eigen::OuterStride<>> in(a, r, r, Eigen::OuterStride<>(lda));
  if (!in.allFinite()) refuse();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(in.cast<double>());
  if (solver.info() != Eigen::Success) refuse();
  const Eigen::VectorXd& values = solver.eigenvalues();
  const double least = static_cast<double>(cutoff) * values[r - 1];
  Eigen::VectorXd inverse(r);
  for (int64_t i = 0; i < r; ++i) inverse[i] = values[i] > 0 && values[i] >= least ? 1.0 / values[i] : 0.0;
  const Eigen::MatrixXd& vectors = solver.eigenvectors();
  Eigen::Map<Rows, 0, Eigen::OuterStride<>>(out, r, r, Eigen::OuterStride<>(ldout)) =
      (vectors * inverse.asDiagonal() * vectors.transpose()).cast<float>();
}

}  // namespace rankwise
