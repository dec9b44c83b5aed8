// What surrounds a product: tiles of operands in another type, and out = accumulated + bias + add.
#include "cuda/kernels/codes.cuh"
#include "cuda/kernels/epilogue.h"

namespace rankwise::cuda {

namespace {

constexpr int kRun = 8;  // neighbours that a thread decodes from one word of codes

// Rows [row, row + rows) and columns [column, column + cols) of NF4 storage, as a dense matrix.
template <class T>
__global__ void decode_tile(int64_t rows, int64_t cols, int64_t row, int64_t column, rw_nf4 from, const CodeBooks* books, T* to) {
  for (int64_t i = blockIdx.y; i < rows; i += gridDim.y) {
    for (int64_t run = first_of_grid(); run * kRun < cols; run += step_of_grid()) {
      const int64_t j = run * kRun, flat = (row + i) * from.cols + column + j;
      T* place = to + i * cols + j;
      if (flat % kRun == 0 && j + kRun <= cols) {
        const uint32_t word = *reinterpret_cast<const uint32_t*>(from.codes + flat / 2);
        const float scale = nf4_scale(from, flat / kNf4Block, books);
        for (int k = 0; k < kRun; ++k) write(place + k, books->nf4_levels[word >> (k / 2 * 8 + (k % 2 == 0 ? 4 : 0)) & 15] * scale);
      } else {
        for (int k = 0; k < kRun && j + k < cols; ++k) write(place + k, nf4_value(from, flat + k, books));
      }
    }
  }
}

template <class B, class A, class Y>
__global__ void combine(int64_t rows, int64_t cols, const float* sums, int64_t lds, const B* bias, const A* add, int64_t lda, Y* out, int64_t ldo) {
  for (int64_t i = blockIdx.y; i < rows; i += gridDim.y) {
    for (int64_t j = first_of_grid(); j < cols; j += step_of_grid()) {
      float value = sums ? sums[i * lds + j] : 0.0f;
      if (bias) value += read(bias + j);
      if (add) value += read(add + i * lda + j);
      write(out + i * ldo + j, value);
    }
  }
}

}  // namespace

int32_t decode_nf4_tile(rw_card* card, const rw_nf4& from, int64_t row, int64_t column, const rw_view& to) {
  const RowGrid grid = grid_over(to.rows, divided_up(to.cols, 2));
  RANKWISE_WITH_TYPE(to.dtype, T, RANKWISE_LAUNCH(decode_tile<T>, grid.blocks, grid.threads, 0, card->stream, to.rows, to.cols, row, column, from,
                     &card->small->books, static_cast<T*>(to.data)));
  return launched(card, "matmul: dequantizing");
}

int32_t combine_epilogue(rw_card* card, const rw_view* sums, const rw_view* bias, const rw_view* add, const rw_view& out) {
  const RowGrid grid = grid_over(out.rows, out.cols);
  const int32_t bias_type = bias ? bias->dtype : RW_F32, add_type = add ? add->dtype : RW_F32;
  RANKWISE_WITH_TYPE(bias_type, B, RANKWISE_WITH_TYPE(add_type, A, RANKWISE_WITH_TYPE(out.dtype, Y, RANKWISE_LAUNCH((combine<B, A, Y>), grid.blocks,
                     grid.threads, 0, card->stream, out.rows, out.cols, sums ? static_cast<const float*>(sums->data) : nullptr, sums ? sums->ld : 0,
                     bias ? static_cast<const B*>(bias->data) : nullptr, add ? static_cast<const A*>(add->data) : nullptr, add ? add->ld : 0,
                     static_cast<Y*>(out.data), out.ld))));
  return launched(card, "matmul: bias and sum");
}

}  // namespace rankwise::cuda
