#pragma once
#include "emulator/cublaslt/objects.h"

namespace rankwise::emulator {

// D = alpha · op(A) · op(B) + beta · C, column-major, float32 sums in the order of k.
struct ProductCall {
  Description description;
  Layout a, b, c, d;
  float alpha, beta;
  const void* a_data;
  const void* b_data;
  const void* c_data;
  void* d_data;

  uint64_t m() const { return d.rows; }
  uint64_t n() const { return d.cols; }
  uint64_t k() const { return description.transpose_a == CUBLAS_OP_N ? a.cols : a.rows; }
};

// Faults where an operand is not live device memory.
void compute(const ProductCall& call);

}  // namespace rankwise::emulator
