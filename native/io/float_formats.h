#pragma once
#include <cstdint>

#include "core/dtype.h"

namespace rankwise {

// Copies `count` elements from `from` (f32, bf16 or f16, unaligned allowed) to `to` (f32 or bf16, aligned), rounding to nearest,
// ties to even. NaN stays NaN; a value too large for the target becomes infinite. The same type is copied bit for bit.
void convert_floats(DType from_type, const void* from, DType to_type, void* to, uint64_t count);

}  // namespace rankwise
