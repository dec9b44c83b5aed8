// RMSNorm forward and backward, and rotary positions: one block per row.
#include "cuda/kernels/numbers.cuh"
#include "cuda/kernels/strips.cuh"
#include "cuda/plugin.h"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

dim3 row_blocks(int64_t rows) { return dim3(static_cast<unsigned>(rows < 65535 ? rows : 65535)); }

template <class T, class G>
__global__ void normalize(int64_t rows, int64_t cols, const T* x, int64_t ldx, const G* gamma, float epsilon, T* y, int64_t ldy, float* rstd) {
  RANKWISE_SHARED(float, room, 32);
  for (int64_t i = blockIdx.x; i < rows; i += gridDim.x) {
    float squares = 0;
    for (int64_t j = threadIdx.x; j < cols; j += blockDim.x) {
      const float value = read(x + i * ldx + j);
      squares += value * value;
    }
    const float scale = 1.0f / sqrtf(block_sum(squares, room) / static_cast<float>(cols) + epsilon);
    if (threadIdx.x == 0) rstd[i] = scale;
    for (int64_t j = threadIdx.x; j < cols; j += blockDim.x) write(y + i * ldy + j, read(x + i * ldx + j) * scale * read(gamma + j));
  }
}

// dx may replace dy or add: a thread reads an element of each before it writes that element.
template <class T, class G>
__global__ void normalize_backward(int64_t rows, int64_t cols, const T* dy, int64_t lddy, const T* x, int64_t ldx, const G* gamma,
                                   const float* rstd, const T* add, int64_t ldadd, T* dx, int64_t lddx) {
  RANKWISE_SHARED(float, room, 32);
  for (int64_t i = blockIdx.x; i < rows; i += gridDim.x) {
    const float scale = rstd[i];
    float along = 0;
    for (int64_t j = threadIdx.x; j < cols; j += blockDim.x) along += read(dy + i * lddy + j) * read(gamma + j) * read(x + i * ldx + j);
    const float mean = block_sum(along, room) * scale * scale / static_cast<float>(cols);
    for (int64_t j = threadIdx.x; j < cols; j += blockDim.x) {
      const float own = scale * (read(dy + i * lddy + j) * read(gamma + j) - read(x + i * ldx + j) * mean);
      write(dx + i * lddx + j, add ? own + read(add + i * ldadd + j) : own);
    }
  }
}

// The gradient of gamma over a strip of rows per block row.
template <class T>
__global__ void gamma_strips(int64_t rows, int64_t cols, const T* dy, int64_t lddy, const T* x, int64_t ldx, const float* rstd, float* room) {
  const int64_t strip = divided_up(rows, gridDim.y), begin = blockIdx.y * strip, end = begin + strip < rows ? begin + strip : rows;
  for (int64_t j = first_of_grid(); j < cols; j += step_of_grid()) {
    float sum = 0;
    for (int64_t i = begin; i < end; ++i) sum += read(dy + i * lddy + j) * read(x + i * ldx + j) * rstd[i];
    room[blockIdx.y * cols + j] = sum;
  }
}

template <class T>
__global__ void rotate(int64_t rows, int64_t heads, int64_t head_dim, int64_t pairs, T* x, int64_t ld, const int32_t* positions, int64_t limit,
                       const float* cosines, int64_t ldc, const float* sines, int64_t lds, float direction, int* fault) {
  for (int64_t i = blockIdx.x; i < rows; i += gridDim.x) {
    const int64_t position = positions[i];
    if (position < 0 || position >= limit) {
      if (threadIdx.x == 0) atomicMax(fault, static_cast<int>(RW_INDEX));
      continue;
    }
    for (int64_t pair = threadIdx.x; pair < heads * pairs; pair += blockDim.x) {
      const int64_t j = pair % pairs;
      T* low = x + i * ld + pair / pairs * head_dim + j;
      const float c = cosines[position * ldc + j], s = direction * sines[position * lds + j], a = read(low), b = read(low + pairs);
      write(low, a * c - b * s);
      write(low + pairs, b * c + a * s);
    }
  }
}

}  // namespace

int32_t rmsnorm(rw_card* card, const rw_view* x, const rw_view* gamma, float epsilon, const rw_view* y, float* rstd) {
  if (size_of(*x) == 0) return RW_OK;
  RANKWISE_WITH_TYPE(x->dtype, T, RANKWISE_WITH_TYPE(gamma->dtype, G, RANKWISE_LAUNCH((normalize<T, G>), row_blocks(x->rows), dim3(row_threads(x->cols)), 0,
                     card->stream, x->rows, x->cols, static_cast<const T*>(x->data), x->ld, static_cast<const G*>(gamma->data), epsilon,
                     static_cast<T*>(y->data), y->ld, rstd)));
  return launched(card, "rmsnorm");
}

int32_t rmsnorm_backward(rw_card* card, const rw_view* dy, const rw_view* x, const rw_view* gamma, const float* rstd, const rw_view* add,
                         const rw_view* dx, float* dgamma, float* scratch, int32_t strips) {
  if (size_of(*x) == 0) return RW_OK;
  if (dgamma) {
    const int used = static_cast<int>(x->rows < strips ? x->rows : strips);
    const RowGrid grid = grid_over(used, x->cols), ends = grid_over(1, x->cols);
    RANKWISE_WITH_TYPE(x->dtype, T, RANKWISE_LAUNCH(gamma_strips<T>, grid.blocks, grid.threads, 0, card->stream, x->rows, x->cols,
                       static_cast<const T*>(dy->data), dy->ld, static_cast<const T*>(x->data), x->ld, rstd, scratch));
    RANKWISE_LAUNCH(add_strips, ends.blocks, ends.threads, 0, card->stream, used, x->cols, scratch, dgamma);
  }
  RANKWISE_WITH_TYPE(x->dtype, T, RANKWISE_WITH_TYPE(gamma->dtype, G, RANKWISE_LAUNCH((normalize_backward<T, G>), row_blocks(x->rows),
                     dim3(row_threads(x->cols)), 0, card->stream, x->rows, x->cols, static_cast<const T*>(dy->data), dy->ld,
                     static_cast<const T*>(x->data), x->ld, static_cast<const G*>(gamma->data), rstd, add ? static_cast<const T*>(add->data) : nullptr,
                     add ? add->ld : 0, static_cast<T*>(dx->data), dx->ld)));
  return launched(card, "rmsnorm_backward");
}

int32_t rope(rw_card* card, const rw_view* x, int64_t head_dim, const int32_t* positions, const rw_view* cosines, const rw_view* sines,
             int32_t inverse) {
  if (size_of(*x) == 0) return RW_OK;
  const int64_t heads = x->cols / head_dim, pairs = cosines->cols;
  RANKWISE_WITH_TYPE(x->dtype, T, RANKWISE_LAUNCH(rotate<T>, row_blocks(x->rows), dim3(row_threads(heads * pairs)), 0, card->stream, x->rows, heads,
                     head_dim, pairs, static_cast<T*>(x->data), x->ld, positions, cosines->rows, static_cast<const float*>(cosines->data), cosines->ld,
                     static_cast<const float*>(sines->data), sines->ld, inverse ? -1.0f : 1.0f, &card->small->answers.fault));
  return launched(card, "rope");
}

}  // namespace rankwise::cuda
