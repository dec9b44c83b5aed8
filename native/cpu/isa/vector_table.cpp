#include "cpu/isa/vector_table.h"

namespace rankwise {
namespace RANKWISE_ISA {
namespace {

VectorKernels filled() {
  VectorKernels table{};
  add_row_kernels(table);
  add_gate_kernels(table);
  add_loss_kernels(table);
  add_span_kernels(table);
  add_random_kernels(table);
  add_adam_kernels(table);
  add_adam8_kernels(table);
  add_nf4_kernels(table);
  return table;
}

}  // namespace

const VectorKernels& vector_kernels() {
  static const VectorKernels table = filled();
  return table;
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
