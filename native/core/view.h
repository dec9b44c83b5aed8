#pragma once
#include <cstdint>

#include "core/dtype.h"

namespace rankwise {

// A row-major matrix that somebody else owns. `ld` is the distance between rows in elements. A vector is one row.
// On the meta backend `data` is null and only the sizes count.
struct View {
  void* data = nullptr;
  DType dtype = DType::f32;
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t ld = 0;

  int64_t size() const { return rows * cols; }
  bool contiguous() const { return ld == cols || rows == 1; }
  template <class T>
  T* as() const { return static_cast<T*>(data); }

  // Rows [from, from + count).
  View row_range(int64_t from, int64_t count) const {
    View v = *this;
    v.rows = count;
    if (data) v.data = static_cast<char*>(data) + from * ld * static_cast<int64_t>(bytes_of(dtype));
    return v;
  }
  // Columns [from, from + count).
  View col_range(int64_t from, int64_t count) const {
    View v = *this;
    v.cols = count;
    if (data) v.data = static_cast<char*>(data) + from * static_cast<int64_t>(bytes_of(dtype));
    return v;
  }
  // The same contiguous elements under another shape.
  View reshaped(int64_t r, int64_t c) const {
    View v = *this;
    v.rows = r;
    v.cols = c;
    v.ld = c;
    return v;
  }
};

inline View view_of(void* data, DType dtype, int64_t rows, int64_t cols) { return {data, dtype, rows, cols, cols}; }

// NF4 storage of a [rows × cols] matrix: the flat row-major order cut into blocks of 64 (blocks may cross rows; the last may be
// short), one scale (absmax) per block. Two codes per byte, first element in the high nibble (QLoRA's layout).
// Scales are either `absmax` (f32), or double-quantized: `absmax_codes` (signed dynamic map) × `absmax_scale` (one f32 per 256
// blocks) + `*absmax_offset`.
struct Nf4View {
  static constexpr int64_t kBlock = 64;
  static constexpr int64_t kScaleBlock = 256;
  uint8_t* codes = nullptr;
  float* absmax = nullptr;
  uint8_t* absmax_codes = nullptr;
  float* absmax_scale = nullptr;
  float* absmax_offset = nullptr;
  bool double_quantized = false;
  int64_t rows = 0;
  int64_t cols = 0;

  int64_t size() const { return rows * cols; }
  int64_t blocks() const { return (size() + kBlock - 1) / kBlock; }
  int64_t scale_blocks() const { return (blocks() + kScaleBlock - 1) / kScaleBlock; }
  int64_t code_bytes() const { return (size() + 1) / 2; }
};

}  // namespace rankwise
