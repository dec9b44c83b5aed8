// Attention backward from the saved log-sum-exp (Dao et al., 2022): the gradient of queries first, kept apart because it may replace
// queries that the gradients of keys and values still need.
#include "cuda/kernels/attention.cuh"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

// along[(b, head, i)] = dout · out of that row and head: a warp each.
template <class T>
__global__ void output_gradients(rw_attention s, const T* dout, int64_t ldd, const T* out, int64_t ldo, float* along) {
  const int64_t at = static_cast<int64_t>(blockIdx.x) * kWarps + (threadIdx.x >> 5), lane = threadIdx.x & 31;
  if (at >= s.batch * s.heads * s.query_length) return;
  const int64_t i = at % s.query_length, head = at / s.query_length % s.heads, row = at / (s.query_length * s.heads) * s.query_length + i;
  float sum = 0;
  for (int64_t d = lane; d < s.head_dim; d += kLanes) sum += read(dout + row * ldd + head * s.head_dim + d) * read(out + row * ldo + head * s.head_dim + d);
  sum = warp_sum(sum);
  if (lane == 0) along[at] = sum;
}

struct Statistics {
  const int32_t* starts;
  const float* lse;
  const float* along;
};

template <class T, int LINES, int COLS>
__global__ void query_gradients(rw_attention s, const T* dout, int64_t ldd, const T* q, int64_t ldq, const T* k, int64_t ldk, const T* v, int64_t ldv,
                                Statistics statistics, float* dq) {
  RANKWISE_DYNAMIC_SHARED(float, shared);
  const int dim = static_cast<int>(s.head_dim), pitch = dim + 1, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  float* queries = shared;                                      // [4·LINES × dim]
  float* gradients = queries + kWarps * LINES * dim;            // [4·LINES × dim]
  float* keys = gradients + kWarps * LINES * dim;               // [32 × pitch]
  float* values = keys + kLanes * pitch;                        // [32 × pitch]
  float* weights = values + kLanes * pitch + warp * LINES * kLanes;
  const int64_t head = blockIdx.y, b = blockIdx.z, length = s.query_length, first = static_cast<int64_t>(blockIdx.x) * kWarps * LINES;
  const int64_t end = first + kWarps * LINES < length ? first + kWarps * LINES : length;
  const int64_t kv = head / (s.heads / s.kv_heads) * dim;
  const HeadRows<const T> q_rows{q + b * length * ldq + head * dim, ldq}, d_rows{dout + b * length * ldd + head * dim, ldd};
  const HeadRows<const T> k_rows{k + b * length * ldk + kv, ldk}, v_rows{v + b * length * ldv + kv, ldv};
  const int32_t* starts = statistics.starts + b * length;
  const float *lse = statistics.lse + (b * s.heads + head) * length, *along = statistics.along + (b * s.heads + head) * length;

  int64_t from = length;
  for (int64_t i = first; i < end; ++i) {
    const int64_t seen = first_key(s, starts, i);
    from = seen < from ? seen : from;
  }
  load_rows(q_rows, first, kWarps * LINES, length, dim, dim, queries);
  load_rows(d_rows, first, kWarps * LINES, length, dim, dim, gradients);
  float sums[LINES][COLS] = {};
  for (int64_t base = from; base < end; base += kLanes) {
    __syncthreads();
    load_rows(k_rows, base, kLanes, length, dim, pitch, keys);
    load_rows(v_rows, base, kLanes, length, dim, pitch, values);
    __syncthreads();
    float scores[LINES], probability_gradients[LINES];
    dot_products<LINES>(queries + warp * LINES * dim, keys + lane * pitch, dim, scores);
    dot_products<LINES>(gradients + warp * LINES * dim, values + lane * pitch, dim, probability_gradients);
    RANKWISE_UNROLL
    for (int r = 0; r < LINES; ++r) {
      const int64_t i = first + warp * LINES + r, key = base + lane;
      const bool visible = i < end && key <= i && key >= first_key(s, starts, i);
      const float score = score_of(s, scores[r]);
      weights[r * kLanes + lane] = visible ? slope_of(s, score) * __expf(score - lse[i]) * (probability_gradients[r] - along[i]) : 0.0f;
    }
    __syncwarp();
    add_weighted<LINES, COLS>(weights, keys, dim, pitch, sums);
  }
  RANKWISE_UNROLL
  for (int r = 0; r < LINES; ++r) {
    const int64_t i = first + warp * LINES + r;
    RANKWISE_UNROLL
    for (int c = 0; c < COLS; ++c) {
      const int column = lane + kLanes * c;
      if (i < end && column < dim) dq[((b * length + i) * s.heads + head) * dim + column] = sums[r][c];
    }
  }
}

// dk and dv may take the place of k and v: a block reads its own rows of them before it writes these, and nobody else reads them.
template <class T, int LINES, int COLS>
__global__ void key_gradients(rw_attention s, const T* dout, int64_t ldd, const T* q, int64_t ldq, const T* k, int64_t ldk, const T* v, int64_t ldv,
                              Statistics statistics, T* dk, int64_t lddk, T* dv, int64_t lddv) {
  RANKWISE_DYNAMIC_SHARED(float, shared);
  const int dim = static_cast<int>(s.head_dim), pitch = dim + 1, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  float* keys = shared;                                         // [4·LINES × dim]
  float* values = keys + kWarps * LINES * dim;                  // [4·LINES × dim]
  float* queries = values + kWarps * LINES * dim;               // [32 × pitch]
  float* gradients = queries + kLanes * pitch;                  // [32 × pitch]
  float* weights = gradients + kLanes * pitch + warp * LINES * kLanes;
  const int64_t kv_head = blockIdx.y, b = blockIdx.z, length = s.query_length, group = s.heads / s.kv_heads;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * kWarps * LINES, kv = kv_head * dim;
  const HeadRows<const T> k_rows{k + b * length * ldk + kv, ldk}, v_rows{v + b * length * ldv + kv, ldv};
  const int32_t* starts = statistics.starts + b * length;

  // No query from `end` on has a key of this block in its window.
  const int64_t end = s.window > 0 && first + kWarps * LINES - 1 + s.window < length ? first + kWarps * LINES - 1 + s.window : length;
  load_rows(k_rows, first, kWarps * LINES, length, dim, dim, keys);
  load_rows(v_rows, first, kWarps * LINES, length, dim, dim, values);
  float k_sums[LINES][COLS] = {}, v_sums[LINES][COLS] = {};
  for (int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
    const HeadRows<const T> q_rows{q + b * length * ldq + head * dim, ldq}, d_rows{dout + b * length * ldd + head * dim, ldd};
    const float *lse = statistics.lse + (b * s.heads + head) * length, *along = statistics.along + (b * s.heads + head) * length;
    for (int64_t base = first; base < end; base += kLanes) {
      __syncthreads();
      load_rows(q_rows, base, kLanes, length, dim, pitch, queries);
      load_rows(d_rows, base, kLanes, length, dim, pitch, gradients);
      __syncthreads();
      const int64_t i = base + lane;
      float scores[LINES], score_gradients[LINES];
      dot_products<LINES>(keys + warp * LINES * dim, queries + lane * pitch, dim, scores);
      dot_products<LINES>(values + warp * LINES * dim, gradients + lane * pitch, dim, score_gradients);
      RANKWISE_UNROLL
      for (int r = 0; r < LINES; ++r) {
        const int64_t key = first + warp * LINES + r;
        const bool visible = i < length && key <= i && key >= first_key(s, starts, i);
        const float score = score_of(s, scores[r]);
        const float probability = visible ? __expf(score - lse[i]) : 0.0f;
        score_gradients[r] = visible ? slope_of(s, score) * probability * (score_gradients[r] - along[i]) : 0.0f;
        weights[r * kLanes + lane] = probability;
      }
      __syncwarp();
      add_weighted<LINES, COLS>(weights, gradients, dim, pitch, v_sums);
      __syncwarp();
      RANKWISE_UNROLL
      for (int r = 0; r < LINES; ++r) weights[r * kLanes + lane] = score_gradients[r];
      __syncwarp();
      add_weighted<LINES, COLS>(weights, queries, dim, pitch, k_sums);
    }
  }
  RANKWISE_UNROLL
  for (int r = 0; r < LINES; ++r) {
    const int64_t key = first + warp * LINES + r;
    RANKWISE_UNROLL
    for (int c = 0; c < COLS; ++c) {
      const int column = lane + kLanes * c;
      if (key >= length || column >= dim) continue;
      write(dk + (b * length + key) * lddk + kv + column, k_sums[r][c]);
      write(dv + (b * length + key) * lddv + kv + column, v_sums[r][c]);
    }
  }
}

}  // namespace

int32_t attention_backward(rw_card* card, const rw_attention* shape, const rw_view* dout, const rw_view* q, const rw_view* k, const rw_view* v,
                           const rw_view* out, const int32_t* segment_start, const float* lse, const rw_view* dq, const rw_view* dk, const rw_view* dv,
                           void* scratch) {
  const rw_attention& s = *shape;
  if (size_of(*q) == 0) return RW_OK;
  if (s.head_dim > kWidestHead) return refuse(card, RW_SHAPE, "Attention heads wider than 256 are not computed on the card.");
  const int64_t rows = s.batch * s.heads * s.query_length;
  float *along = static_cast<float*>(scratch), *dq_apart = along + rows;
  const Statistics statistics = {segment_start, lse, along};
  cudaError_t allowed = cudaSuccess;
  RANKWISE_WITH_TYPE(q->dtype, T, RANKWISE_WITH_HEAD(s.head_dim, {
    const size_t dim = static_cast<size_t>(s.head_dim);
    const size_t bytes = sizeof(float) * (2 * kWarps * LINES * dim + 2 * kLanes * (dim + 1) + kWarps * LINES * kLanes);
    const unsigned tiles = static_cast<unsigned>(divided_up(s.query_length, kWarps * LINES));
    const T *pd = static_cast<const T*>(dout->data), *pq = static_cast<const T*>(q->data), *pk = static_cast<const T*>(k->data),
            *pv = static_cast<const T*>(v->data);
    allowed = allow_shared(query_gradients<T, LINES, COLS>, bytes);
    if (allowed == cudaSuccess) allowed = allow_shared(key_gradients<T, LINES, COLS>, bytes);
    RANKWISE_LAUNCH(output_gradients<T>, dim3(static_cast<unsigned>(divided_up(rows, kWarps))), dim3(kAttentionThreads), 0, card->stream, s, pd, dout->ld,
                    static_cast<const T*>(out->data), out->ld, along);
    RANKWISE_LAUNCH((query_gradients<T, LINES, COLS>), dim3(tiles, static_cast<unsigned>(s.heads), static_cast<unsigned>(s.batch)),
                    dim3(kAttentionThreads), bytes, card->stream, s, pd, dout->ld, pq, q->ld, pk, k->ld, pv, v->ld, statistics, dq_apart);
    RANKWISE_LAUNCH((key_gradients<T, LINES, COLS>), dim3(tiles, static_cast<unsigned>(s.kv_heads), static_cast<unsigned>(s.batch)),
                    dim3(kAttentionThreads), bytes, card->stream, s, pd, dout->ld, pq, q->ld, pk, k->ld, pv, v->ld, statistics,
                    static_cast<T*>(dk->data), dk->ld, static_cast<T*>(dv->data), dv->ld);
  }));
  if (allowed != cudaSuccess) return checked(card, allowed, "attention_backward");
  const int32_t status = launched(card, "attention_backward");
  if (status != RW_OK) return status;
  const rw_view apart = {dq_apart, q->rows, q->cols, q->cols, RW_F32};
  return copy(card, &apart, dq);
}

}  // namespace rankwise::cuda
