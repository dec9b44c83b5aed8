#pragma once
#include "cuda/plugin.h"

namespace rankwise::cuda {

// to [rows × cols] = the part of NF4 storage that begins at (row, column). `to` is contiguous.
int32_t decode_nf4_tile(rw_card* card, const rw_nf4& from, int64_t row, int64_t column, const rw_view& to);

// out = sums (f32) + bias (per column) + add, each of which may be null; add may be out.
int32_t combine_epilogue(rw_card* card, const rw_view* sums, const rw_view* bias, const rw_view* add, const rw_view& out);

}  // namespace rankwise::cuda
