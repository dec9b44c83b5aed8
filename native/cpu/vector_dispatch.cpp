#include "cpu/vector_dispatch.h"

#include "core/error.h"

namespace rankwise {
namespace avx2 {
const VectorKernels& vector_kernels();
}
namespace avx512 {
const VectorKernels& vector_kernels();
}
namespace avx512bf16 {
const VectorKernels& vector_kernels();
}

const VectorKernels& vector_kernels(Isa isa) {
  switch (isa) {
    case Isa::avx2: return avx2::vector_kernels();
    case Isa::avx512: return avx512::vector_kernels();
    case Isa::avx512bf16: return avx512bf16::vector_kernels();
    case Isa::none: break;
  }
  fail("E_CPU", "This processor lacks the AVX2 and FMA instructions that the engine needs.",
       "Any Intel or AMD processor since about 2015 has them; a virtual machine may have to pass them on.");
}

}  // namespace rankwise
