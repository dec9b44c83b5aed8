// Embedding and cross-entropy. Indices out of range leave a fault behind that the next wait reports.
#include "cuda/kernels/numbers.cuh"
#include "cuda/plugin.h"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

constexpr int kIgnored = -100;

template <class T, class Y>
__global__ void gather(int64_t cols, int64_t limit, const int32_t* ids, const T* table, int64_t ldt, Y* out, int64_t ldo, int* fault) {
  const int64_t i = blockIdx.x, id = ids[i];
  if (id < 0 || id >= limit) {
    if (threadIdx.x == 0) atomicMax(fault, static_cast<int>(RW_INDEX));
    return;
  }
  for (int64_t j = threadIdx.x; j < cols; j += blockDim.x) write(out + i * ldo + j, read(table + id * ldt + j));
}

// The block of a token's first place adds all its places, in their order; the blocks of the others have nothing to do.
template <class T>
__global__ void scatter(int64_t count, int64_t cols, int64_t limit, const int32_t* ids, const T* dout, int64_t ldd, float* dtable, int64_t ldt,
                        int* fault) {
  RANKWISE_SHARED(int, earlier, 1);
  const int64_t i = blockIdx.x, id = ids[i];
  if (id < 0 || id >= limit) {
    if (threadIdx.x == 0) atomicMax(fault, static_cast<int>(RW_INDEX));
    return;
  }
  if (threadIdx.x == 0) earlier[0] = 0;
  __syncthreads();
  for (int64_t k = threadIdx.x; k < i; k += blockDim.x) {
    if (ids[k] == id) {
      atomicMax(earlier, 1);
      break;
    }
  }
  __syncthreads();
  if (earlier[0] != 0) return;
  for (int64_t k = i; k < count; ++k) {
    if (ids[k] != id) continue;
    for (int64_t j = threadIdx.x; j < cols; j += blockDim.x) dtable[id * ldt + j] += read(dout + k * ldd + j);
  }
}

template <class T>
__global__ void softmax_loss(int64_t cols, T* logits, int64_t ld, const int32_t* targets, float* losses, int gradient, float scale, int* fault) {
  RANKWISE_SHARED(float, room, 32);
  T* row = logits + blockIdx.x * ld;
  const int target = targets[blockIdx.x];
  if (target == kIgnored || target < 0 || target >= cols) {
    if (target != kIgnored && threadIdx.x == 0) atomicMax(fault, static_cast<int>(RW_INDEX));
    if (threadIdx.x == 0) losses[blockIdx.x] = 0.0f;
    for (int64_t j = threadIdx.x; gradient && j < cols; j += blockDim.x) write(row + j, 0.0f);
    return;
  }
  float most = -INFINITY;
  for (int64_t j = threadIdx.x; j < cols; j += blockDim.x) most = fmaxf(most, read(row + j));
  most = block_largest(most, room);
  float sum = 0;
  for (int64_t j = threadIdx.x; j < cols; j += blockDim.x) sum += expf(read(row + j) - most);
  sum = block_sum(sum, room);
  if (threadIdx.x == 0) losses[blockIdx.x] = logf(sum) + most - read(row + target);
  if (!gradient) return;
  __syncthreads();  // the target's logit has been read
  const float inverse = scale / sum;
  for (int64_t j = threadIdx.x; j < cols; j += blockDim.x) {
    const float probability = expf(read(row + j) - most) * inverse;
    write(row + j, j == target ? probability - scale : probability);
  }
}

}  // namespace

int32_t embedding(rw_card* card, const int32_t* ids, const rw_view* table, const rw_view* out) {
  if (size_of(*out) == 0) return RW_OK;
  RANKWISE_WITH_TYPE(table->dtype, T, RANKWISE_WITH_TYPE(out->dtype, Y, RANKWISE_LAUNCH((gather<T, Y>), dim3(static_cast<unsigned>(out->rows)),
                     dim3(row_threads(out->cols)), 0, card->stream, out->cols, table->rows, ids, static_cast<const T*>(table->data), table->ld,
                     static_cast<Y*>(out->data), out->ld, &card->small->answers.fault)));
  return launched(card, "embedding");
}

int32_t embedding_backward(rw_card* card, const int32_t* ids, const rw_view* dout, const rw_view* dtable) {
  if (size_of(*dout) == 0) return RW_OK;
  RANKWISE_WITH_TYPE(dout->dtype, T, RANKWISE_LAUNCH(scatter<T>, dim3(static_cast<unsigned>(dout->rows)), dim3(row_threads(dout->cols)), 0, card->stream,
                     dout->rows, dout->cols, dtable->rows, ids, static_cast<const T*>(dout->data), dout->ld, static_cast<float*>(dtable->data),
                     dtable->ld, &card->small->answers.fault));
  return launched(card, "embedding_backward");
}

int32_t cross_entropy(rw_card* card, const rw_view* logits, const int32_t* targets, float* losses, int32_t gradient, float scale) {
  if (size_of(*logits) == 0) return RW_OK;
  const unsigned threads = logits->cols >= 16384 ? 1024 : row_threads(logits->cols);
  RANKWISE_WITH_TYPE(logits->dtype, T, RANKWISE_LAUNCH(softmax_loss<T>, dim3(static_cast<unsigned>(logits->rows)), dim3(threads), 0, card->stream,
                     logits->cols, static_cast<T*>(logits->data), logits->ld, targets, losses, gradient, scale, &card->small->answers.fault));
  return launched(card, "cross_entropy");
}

}  // namespace rankwise::cuda
