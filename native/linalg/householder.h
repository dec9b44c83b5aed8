#pragma once
#include "core/thread_pool.h"
#include "core/view.h"
#include "cpu/isa/vector_kernels.h"

namespace rankwise {

// Makes the rows of a [r × n] (f32, r ≤ n) orthonormal in place: Q of the Householder factorization of aᵀ, so that dependent rows get
// new directions instead of noise; the entry of largest magnitude of every row is positive. scratch: r × n floats. The result does
// not depend on the number of threads.
void householder_rows(ThreadPool& pool, const VectorKernels& kernels, const View& a, float* scratch);

// Flips the row so that its entry of largest magnitude (the first of equals) is positive.
void fix_sign(float* row, int64_t n);

}  // namespace rankwise
