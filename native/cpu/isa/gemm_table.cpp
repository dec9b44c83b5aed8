#include "cpu/isa/gemm_table.h"

namespace rankwise {
namespace RANKWISE_ISA {
namespace {

GemmKernels filled() {
  GemmKernels table{};
  add_tile_kernels(table);
  add_pack_kernels(table);
  add_gemv_kernels(table);
  return table;
}

}  // namespace

const GemmKernels& gemm_kernels() {
  static const GemmKernels table = filled();
  return table;
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
