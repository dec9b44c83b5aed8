#pragma once
#include "core/view.h"

namespace rankwise {

// Index of a view's type in the tables of kernels.
inline int kind(const View& v) { return v.dtype == DType::bf16 ? 1 : 0; }

// Address of an element; in a contiguous view `column` may run on into the next rows.
inline char* at(const View& v, int64_t row, int64_t column = 0) {
  return static_cast<char*>(v.data) + (row * v.ld + column) * static_cast<int64_t>(bytes_of(v.dtype));
}

}  // namespace rankwise
