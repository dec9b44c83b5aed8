#pragma once
#include "cuda/kernels/numbers.cuh"
#include "cuda/plugin.h"

// Code books (quant/maps.h) and NF4 storage, element by element.
namespace rankwise::cuda {

// Number of the 255 midpoints below x; a NaN has none.
__device__ inline int nearest_code(const float* midpoints, float x) {
  int code = 0;
  for (int half = 128; half > 0; half /= 2) {
    if (code + half <= 255 && x > midpoints[code + half - 1]) code += half;
  }
  return code;
}

constexpr int64_t kNf4Block = 64, kScaleBlock = 256;

__device__ inline float nf4_scale(const rw_nf4& from, int64_t block, const CodeBooks* books) {
  if (!from.double_quantized) return from.absmax[block];
  return fmaf(books->signed_values[from.absmax_codes[block]], from.absmax_scale[block / kScaleBlock], *from.absmax_offset);
}

// Element i of the flat order.
__device__ inline float nf4_value(const rw_nf4& from, int64_t i, const CodeBooks* books) {
  const int byte = from.codes[i / 2];
  return books->nf4_levels[i % 2 == 0 ? byte >> 4 : byte & 15] * nf4_scale(from, i / kNf4Block, books);
}

}  // namespace rankwise::cuda
