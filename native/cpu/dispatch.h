#pragma once

namespace rankwise {

// The instruction sets that kernels are compiled for, each including those before it. `none`: a processor without AVX2, FMA and F16C.
enum class Isa { none, avx2, avx512, avx512bf16 };

// "none", "avx2", "avx512", "avx512bf16".
const char* name_of(Isa isa);

// The best set that this processor has and that the operating system saves the registers of.
Isa processor_isa();

// The set to run with: processor_isa(), or the lower one that the environment variable RANKWISE_ISA names. Throws E_ISA where that
// variable names none of them or one that the processor lacks. Read once.
Isa detect_isa();

}  // namespace rankwise
