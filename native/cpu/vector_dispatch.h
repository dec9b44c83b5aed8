#pragma once
#include "cpu/dispatch.h"
#include "cpu/isa/vector_kernels.h"

namespace rankwise {

// The row and span kernels compiled for an instruction set. Throws E_CPU where there are none for it.
const VectorKernels& vector_kernels(Isa isa);

}  // namespace rankwise
