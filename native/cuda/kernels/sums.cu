// Sums in double, in pieces of 16384 elements of the flat order, and sums of columns. Two launches each: no block waits for another.
#include "cuda/kernels/numbers.cuh"
#include "cuda/kernels/strips.cuh"
#include "cuda/plugin.h"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

constexpr int64_t kPiece = 16384;
constexpr int kThreads = 256;

struct Itself {
  __device__ double operator()(float x) const { return static_cast<double>(x); }
};
struct Square {
  __device__ double operator()(float x) const { return static_cast<double>(x) * static_cast<double>(x); }
};

template <class T, class F>
__global__ void sum_pieces(int64_t first, int64_t size, int64_t cols, int64_t ld, const T* x, F f, double* partials) {
  RANKWISE_SHARED(double, room, 32);
  const int64_t begin = (first + blockIdx.x) * kPiece, end = begin + kPiece < size ? begin + kPiece : size;
  double sum = 0;
  for (int64_t i = begin + threadIdx.x; i < end; i += kThreads) sum += f(read(x + (ld == cols ? i : i / cols * ld + i % cols)));
  sum = block_sum(sum, room);
  if (threadIdx.x == 0) partials[blockIdx.x] = sum;
}

template <class A, class B>
__global__ void distance_pieces(int64_t first, int64_t size, int64_t cols, const A* a, int64_t lda, const B* b, int64_t ldb, double* partials) {
  RANKWISE_SHARED(double, room, 32);
  const int64_t begin = (first + blockIdx.x) * kPiece, end = begin + kPiece < size ? begin + kPiece : size;
  double sum = 0;
  for (int64_t i = begin + threadIdx.x; i < end; i += kThreads) {
    const int64_t row = i / cols, column = i % cols;
    const double difference = static_cast<double>(read(a + row * lda + column)) - static_cast<double>(read(b + row * ldb + column));
    sum += difference * difference;
  }
  sum = block_sum(sum, room);
  if (threadIdx.x == 0) partials[blockIdx.x] = sum;
}

__global__ void add_pieces(int count, const double* partials, double* total) {
  RANKWISE_SHARED(double, room, 32);
  double sum = 0;
  for (int i = threadIdx.x; i < count; i += kThreads) sum += partials[i];
  sum = block_sum(sum, room);
  if (threadIdx.x == 0) *total += sum;
}

// launch(first, count) sums pieces [first, first + count) into the partials.
template <class Launch>
void over_pieces(rw_card* card, int64_t size, const Launch& launch) {
  const int64_t pieces = divided_up(size, kPiece);
  for (int64_t first = 0; first < pieces; first += kPartials) {
    const int count = static_cast<int>(pieces - first < kPartials ? pieces - first : kPartials);
    launch(first, dim3(static_cast<unsigned>(count)));
    RANKWISE_LAUNCH(add_pieces, dim3(1), dim3(kThreads), 0, card->stream, count, card->small->partials, &card->small->answers.total);
  }
}

int32_t begin_total(rw_card* card, const char* what) {
  return checked(card, cudaMemsetAsync(&card->small->answers.total, 0, sizeof(double), card->stream), what);
}

int32_t total(rw_card* card, const char* what, double* result) {
  int32_t status = launched(card, what);
  if (status == RW_OK) status = wait_for_answers(card, what);
  *result = card->answers->total;
  return status;
}

// A strip of rows per block row; `room` [strips × cols].
template <class T>
__global__ void column_strips(int64_t rows, int64_t cols, const T* x, int64_t ld, float* room) {
  const int64_t strip = divided_up(rows, gridDim.y), begin = blockIdx.y * strip, end = begin + strip < rows ? begin + strip : rows;
  for (int64_t j = first_of_grid(); j < cols; j += step_of_grid()) {
    float sum = 0;
    for (int64_t i = begin; i < end; ++i) sum += read(x + i * ld + j);
    room[blockIdx.y * cols + j] = sum;
  }
}

}  // namespace

__global__ void add_strips(int strips, int64_t cols, const float* room, float* out) {
  for (int64_t j = first_of_grid(); j < cols; j += step_of_grid()) {
    float sum = 0;
    for (int strip = 0; strip < strips; ++strip) sum += room[strip * cols + j];
    out[j] += sum;
  }
}

// Adds a view's sum to the total of the answers.
void add_to_total(rw_card* card, const rw_view& view, bool squares) {
  const rw_view v = contiguous(view) ? flattened(view) : view;
  over_pieces(card, size_of(v), [&](int64_t first, dim3 blocks) {
    RANKWISE_WITH_TYPE(v.dtype, T, {
      const T* x = static_cast<const T*>(v.data);
      double* partials = card->small->partials;
      if (squares) {
        RANKWISE_LAUNCH((sum_pieces<T, Square>), blocks, dim3(kThreads), 0, card->stream, first, size_of(v), v.cols, v.ld, x, Square(), partials);
      } else {
        RANKWISE_LAUNCH((sum_pieces<T, Itself>), blocks, dim3(kThreads), 0, card->stream, first, size_of(v), v.cols, v.ld, x, Itself(), partials);
      }
    });
  });
}

int32_t queue_sum(rw_card* card, const rw_view& view) {
  const int32_t status = begin_total(card, "sum");
  if (status == RW_OK) add_to_total(card, view, false);
  return status == RW_OK ? launched(card, "sum") : status;
}

int32_t sum(rw_card* card, const rw_view* views, int32_t count, int32_t squares, double* result) {
  const int32_t status = begin_total(card, "sum");
  if (status != RW_OK) return status;
  for (int32_t k = 0; k < count; ++k) add_to_total(card, views[k], squares != 0);
  return total(card, "sum", result);
}

int32_t squared_distance(rw_card* card, const rw_view* a, const rw_view* b, double* result) {
  const int32_t status = begin_total(card, "squared_distance");
  if (status != RW_OK) return status;
  over_pieces(card, size_of(*a), [&](int64_t first, dim3 blocks) {
    RANKWISE_WITH_TYPE(a->dtype, A, RANKWISE_WITH_TYPE(b->dtype, B, RANKWISE_LAUNCH((distance_pieces<A, B>), blocks, dim3(kThreads), 0, card->stream, first,
                       size_of(*a), a->cols, static_cast<const A*>(a->data), a->ld, static_cast<const B*>(b->data), b->ld, card->small->partials)));
  });
  return total(card, "squared_distance", result);
}

int32_t column_sum(rw_card* card, const rw_view* x, float* out, float* scratch, int32_t strips) {
  if (size_of(*x) == 0) return RW_OK;
  const int used = static_cast<int>(x->rows < strips ? x->rows : strips);
  const RowGrid grid = grid_over(used, x->cols);
  RANKWISE_WITH_TYPE(x->dtype, T, RANKWISE_LAUNCH(column_strips<T>, grid.blocks, grid.threads, 0, card->stream, x->rows, x->cols, static_cast<const T*>(x->data),
                     x->ld, scratch));
  const RowGrid ends = grid_over(1, x->cols);
  RANKWISE_LAUNCH(add_strips, ends.blocks, ends.threads, 0, card->stream, used, x->cols, scratch, out);
  return launched(card, "column_sum");
}

}  // namespace rankwise::cuda
