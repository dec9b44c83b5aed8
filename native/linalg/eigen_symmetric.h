#pragma once
#include <cstdint>

namespace rankwise {

// Eigen-decomposition of the symmetric matrix [p × p] at `a` (rows `ld` apart), in place: afterwards the p floats at a + i·p, without
// gaps whatever `ld` was, are the eigenvector of eigenvalues[i], ascending. `eigenvalues` has p floats, `work` 3·p. Throws E_EIGEN where the matrix is not finite.
void eigen_symmetric_in_place(float* a, int64_t p, int64_t ld, float* eigenvalues, float* work);

// out = the inverse of the symmetric positive semidefinite a [r × r]; directions whose eigenvalue is below `cutoff` times the largest
// are left out. In double inside. out may be a. Throws E_EIGEN.
void eigen_pseudo_inverse(const float* a, int64_t lda, int64_t r, float cutoff, float* out, int64_t ldout);

}  // namespace rankwise
