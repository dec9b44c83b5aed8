#pragma once
#include "cpu/isa/gemm_kernels.h"

// Each file of product kernels fills in its part of the table.
namespace rankwise {
namespace RANKWISE_ISA {

void add_tile_kernels(GemmKernels& table);
void add_pack_kernels(GemmKernels& table);
void add_gemv_kernels(GemmKernels& table);

const GemmKernels& gemm_kernels();

}  // namespace RANKWISE_ISA
}  // namespace rankwise
