// Elementwise operations on one or two matrices.
#include "cuda/kernels/numbers.cuh"
#include "cuda/plugin.h"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

template <class X, class Y>
__global__ void mix(int64_t rows, int64_t cols, float alpha, const X* x, int64_t ldx, float beta, Y* y, int64_t ldy) {
  for (int64_t i = blockIdx.y; i < rows; i += gridDim.y) {
    for (int64_t j = first_of_grid(); j < cols; j += step_of_grid()) {
      const float scaled = alpha * read(x + i * ldx + j);
      write(y + i * ldy + j, beta == 0.0f ? scaled : scaled + beta * read(y + i * ldy + j));
    }
  }
}

template <class X, class Y>
__global__ void convert(int64_t rows, int64_t cols, const X* x, int64_t ldx, Y* y, int64_t ldy) {
  for (int64_t i = blockIdx.y; i < rows; i += gridDim.y) {
    for (int64_t j = first_of_grid(); j < cols; j += step_of_grid()) write(y + i * ldy + j, read(x + i * ldx + j));
  }
}

__global__ void product(int64_t n, const float* a, const float* b, float* out) {
  for (int64_t j = first_of_grid(); j < n; j += step_of_grid()) out[j] = a[j] * b[j];
}

template <class T>
__global__ void cap_values(int64_t rows, int64_t cols, T* x, int64_t ld, float cap) {
  for (int64_t i = blockIdx.y; i < rows; i += gridDim.y) {
    for (int64_t j = first_of_grid(); j < cols; j += step_of_grid()) write(x + i * ld + j, cap * tanhf(read(x + i * ld + j) / cap));
  }
}

template <class T>
__global__ void cap_slopes(int64_t rows, int64_t cols, const T* y, int64_t ldy, float cap, T* dy, int64_t lddy) {
  for (int64_t i = blockIdx.y; i < rows; i += gridDim.y) {
    for (int64_t j = first_of_grid(); j < cols; j += step_of_grid()) {
      const float part = read(y + i * ldy + j) / cap;
      write(dy + i * lddy + j, read(dy + i * lddy + j) * (1.0f - part * part));
    }
  }
}

size_t element_bytes(int32_t dtype) { return dtype == RW_BF16 ? 2 : dtype == RW_U8 ? 1 : 4; }

}  // namespace

int32_t zero(rw_card* card, const rw_view* x) {
  if (size_of(*x) == 0) return RW_OK;
  const rw_view v = contiguous(*x) ? flattened(*x) : *x;
  const size_t bytes = element_bytes(v.dtype);
  return checked(card, v.rows == 1 ? cudaMemsetAsync(v.data, 0, v.cols * bytes, card->stream)
                                   : cudaMemset2DAsync(v.data, v.ld * bytes, 0, v.cols * bytes, v.rows, card->stream),
                 "zero");
}

int32_t softcap(rw_card* card, const rw_view* x, float cap) {
  if (size_of(*x) == 0) return RW_OK;
  const rw_view v = contiguous(*x) ? flattened(*x) : *x;
  const RowGrid grid = grid_over(v.rows, v.cols);
  RANKWISE_WITH_TYPE(v.dtype, T, RANKWISE_LAUNCH(cap_values<T>, grid.blocks, grid.threads, 0, card->stream, v.rows, v.cols, static_cast<T*>(v.data), v.ld,
                     cap));
  return launched(card, "softcap");
}

int32_t softcap_backward(rw_card* card, const rw_view* y, float cap, const rw_view* dy) {
  if (size_of(*y) == 0) return RW_OK;
  const bool flat = contiguous(*y) && contiguous(*dy);
  const rw_view v = flat ? flattened(*y) : *y, d = flat ? flattened(*dy) : *dy;
  const RowGrid grid = grid_over(v.rows, v.cols);
  RANKWISE_WITH_TYPE(v.dtype, T, RANKWISE_LAUNCH(cap_slopes<T>, grid.blocks, grid.threads, 0, card->stream, v.rows, v.cols, static_cast<const T*>(v.data),
                     v.ld, cap, static_cast<T*>(d.data), d.ld));
  return launched(card, "softcap_backward");
}

int32_t copy(rw_card* card, const rw_view* from, const rw_view* to) {
  if (size_of(*from) == 0) return RW_OK;
  const bool flat = contiguous(*from) && contiguous(*to);
  const rw_view f = flat ? flattened(*from) : *from, t = flat ? flattened(*to) : *to;
  if (f.dtype == t.dtype) {
    const size_t bytes = element_bytes(f.dtype);
    return checked(card, f.rows == 1 ? cudaMemcpyAsync(t.data, f.data, f.cols * bytes, cudaMemcpyDeviceToDevice, card->stream)
                                     : cudaMemcpy2DAsync(t.data, t.ld * bytes, f.data, f.ld * bytes, f.cols * bytes, f.rows,
                                                         cudaMemcpyDeviceToDevice, card->stream),
                   "copy");
  }
  const RowGrid grid = grid_over(f.rows, f.cols);
  RANKWISE_WITH_TYPE(f.dtype, X, RANKWISE_WITH_TYPE(t.dtype, Y, RANKWISE_LAUNCH((convert<X, Y>), grid.blocks, grid.threads, 0, card->stream, f.rows, f.cols,
                     static_cast<const X*>(f.data), f.ld, static_cast<Y*>(t.data), t.ld)));
  return launched(card, "copy");
}

int32_t axpby(rw_card* card, float alpha, const rw_view* x, float beta, const rw_view* y) {
  if (size_of(*x) == 0) return RW_OK;
  const bool flat = contiguous(*x) && contiguous(*y);
  const rw_view a = flat ? flattened(*x) : *x, b = flat ? flattened(*y) : *y;
  const RowGrid grid = grid_over(a.rows, a.cols);
  RANKWISE_WITH_TYPE(a.dtype, X, RANKWISE_WITH_TYPE(b.dtype, Y, RANKWISE_LAUNCH((mix<X, Y>), grid.blocks, grid.threads, 0, card->stream, a.rows, a.cols,
                     alpha, static_cast<const X*>(a.data), a.ld, beta, static_cast<Y*>(b.data), b.ld)));
  return launched(card, "axpby");
}

int32_t multiply(rw_card* card, const float* a, const float* b, float* out, int64_t n) {
  if (n == 0) return RW_OK;
  const RowGrid grid = grid_over(1, n);
  RANKWISE_LAUNCH(product, grid.blocks, grid.threads, 0, card->stream, n, a, b, out);
  return launched(card, "multiply");
}

}  // namespace rankwise::cuda
