#pragma once
#include "cpu/isa/vector_kernels.h"

// Each file of kernels fills in its part of the table.
namespace rankwise {
namespace RANKWISE_ISA {

void add_row_kernels(VectorKernels& table);
void add_gate_kernels(VectorKernels& table);
void add_loss_kernels(VectorKernels& table);
void add_span_kernels(VectorKernels& table);
void add_random_kernels(VectorKernels& table);
void add_adam_kernels(VectorKernels& table);
void add_adam8_kernels(VectorKernels& table);
void add_nf4_kernels(VectorKernels& table);

const VectorKernels& vector_kernels();

}  // namespace RANKWISE_ISA
}  // namespace rankwise
