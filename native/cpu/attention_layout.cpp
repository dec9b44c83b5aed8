#include "cpu/attention_layout.h"

#include "cpu/gemm_operand.h"

namespace rankwise {
namespace avx2 {
const AttentionKernels& attention_kernels();
}
namespace avx512 {
const AttentionKernels& attention_kernels();
}
namespace avx512bf16 {
const AttentionKernels& attention_kernels();
}

const AttentionKernels& attention_kernels(Isa isa) {
  switch (isa) {
    case Isa::avx2: return avx2::attention_kernels();
    case Isa::avx512: return avx512::attention_kernels();
    case Isa::avx512bf16: return avx512bf16::attention_kernels();
    case Isa::none: break;
  }
  fail("E_CPU", "This processor lacks the AVX2 and FMA instructions that the engine needs.",
       "Any Intel or AMD processor since about 2015 has them; a virtual machine may have to pass them on.");
}

AttentionLayout::AttentionLayout(Isa isa, const AttentionShape& s, DType dtype)
    : gemm(gemm_kernels(isa)), kernels(attention_kernels(isa)), shape(s), bf16(dtype == DType::bf16), rows(gemm.rows),
      stride(gemm.row_stride), width(kernels.width) {
  if (!(s.scale > 0)) fail("E_SHAPE", "Attention needs a positive scale.");
  const int64_t panels = (s.head_dim + rows - 1) / rows;
  d_lanes = (s.head_dim + panels - 1) / panels;
}

void AttentionLayout::pack_keys(const void* head, int64_t ld, int64_t from, int64_t to, uint32_t* panels) const {
  const char* line = static_cast<const char*>(head) + from * ld * (bf16 ? 2 : 4);
  gemm.pack_lines[bf16][bf16](line, ld, shape.head_dim, {to - from, rows, key_panel(), stride, panels + from / rows * key_panel()});
}

void AttentionLayout::pack_columns(const void* head, int64_t ld, int64_t from, int64_t to, uint32_t* panels) const {
  const char* line = static_cast<const char*>(head) + from * ld * (bf16 ? 2 : 4);
  gemm.pack_lanes[bf16][bf16](line, ld, to - from, {shape.head_dim, d_lanes, column_panel(), stride, panels + units(from) * stride});
}

void AttentionLayout::pack_queries(const void* head, int64_t ld, int64_t n, uint32_t* panels) const {
  gemm.pack_lines[bf16][bf16](head, ld, shape.head_dim, {n, width, units(shape.head_dim) * width, width, panels});
}

void StripMask::set(const AttentionShape& shape, const int32_t* starts, int64_t query, int64_t n, int64_t width) {
  const int64_t offset = shape.key_length - shape.query_length;
  highest = query + n + offset;
  lowest = highest - 1;
  mask = {first, limit, 0, query + offset + 1};
  for (int64_t i = 0; i < n; ++i) {
    const int64_t start = std::clamp<int64_t>(std::max<int64_t>(starts[i], shape.first_in_window(query + i)), 0, highest);
    first[i] = static_cast<int32_t>(start);
    limit[i] = static_cast<int32_t>(query + i + offset + 1);
    lowest = std::min(lowest, start);
    mask.all_from = std::max(mask.all_from, start);
  }
  std::fill(first + n, first + width, 0);
  std::fill(limit + n, limit + width, 0);
}

}  // namespace rankwise
