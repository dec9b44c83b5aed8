// Attention forward: softmax over the keys seen so far, renewed tile by tile (Milakov and Gimelshein, 2018; Dao et al., 2022).
#include "cuda/kernels/attention.cuh"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

template <class T, int LINES, int COLS>
__global__ void attend(rw_attention s, const T* q, int64_t ldq, const T* k, int64_t ldk, const T* v, int64_t ldv, const int32_t* starts, T* out,
                       int64_t ldo, float* lse) {
  RANKWISE_DYNAMIC_SHARED(float, shared);
  const int dim = static_cast<int>(s.head_dim), pitch = dim + 1, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  float* queries = shared;                                   // [4·LINES × dim]
  float* tile = queries + kWarps * LINES * dim;              // [32 × pitch]: keys, then values
  float* weights = tile + kLanes * pitch + warp * LINES * kLanes;  // [LINES × 32] of this warp
  const int64_t head = blockIdx.y, b = blockIdx.z, ahead = s.key_length - s.query_length;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * kWarps * LINES;
  const int64_t end = first + kWarps * LINES < s.query_length ? first + kWarps * LINES : s.query_length;
  const HeadRows<const T> q_rows{q + b * s.query_length * ldq + head * dim, ldq};
  const int64_t kv = head / (s.heads / s.kv_heads) * dim;
  const HeadRows<const T> k_rows{k + b * s.key_length * ldk + kv, ldk}, v_rows{v + b * s.key_length * ldv + kv, ldv};
  starts += b * s.query_length;

  int64_t from = s.key_length;  // the first key that a query of this block sees
  for (int64_t i = first; i < end; ++i) {
    const int64_t seen = first_key(s, starts, i);
    from = seen < from ? seen : from;
  }
  load_rows(q_rows, first, kWarps * LINES, s.query_length, dim, dim, queries);
  float sums[LINES][COLS] = {}, most[LINES], total[LINES];
  RANKWISE_UNROLL
  for (int r = 0; r < LINES; ++r) {
    most[r] = -INFINITY;
    total[r] = 0.0f;
  }
  for (int64_t base = from; base < end + ahead; base += kLanes) {
    __syncthreads();
    load_rows(k_rows, base, kLanes, s.key_length, dim, pitch, tile);
    __syncthreads();
    float scores[LINES];
    dot_products<LINES>(queries + warp * LINES * dim, tile + lane * pitch, dim, scores);
    RANKWISE_UNROLL
    for (int r = 0; r < LINES; ++r) {
      const int64_t i = first + warp * LINES + r, key = base + lane;
      const bool visible = i < end && key <= i + ahead && key >= first_key(s, starts, i);
      const float score = visible ? score_of(s, scores[r]) : -INFINITY;
      const float highest = fmaxf(most[r], warp_largest(score));
      const float weight = visible ? __expf(score - highest) : 0.0f;
      const float shrink = highest == -INFINITY ? 1.0f : __expf(most[r] - highest);
      total[r] = total[r] * shrink + warp_sum(weight);
      most[r] = highest;
      weights[r * kLanes + lane] = weight;
      RANKWISE_UNROLL
      for (int c = 0; c < COLS; ++c) sums[r][c] *= shrink;
    }
    __syncthreads();
    load_rows(v_rows, base, kLanes, s.key_length, dim, pitch, tile);
    __syncthreads();
    add_weighted<LINES, COLS>(weights, tile, dim, pitch, sums);
  }
  RANKWISE_UNROLL
  for (int r = 0; r < LINES; ++r) {
    const int64_t i = first + warp * LINES + r;
    const float inverse = total[r] > 0.0f ? 1.0f / total[r] : 0.0f;
    RANKWISE_UNROLL
    for (int c = 0; c < COLS; ++c) {
      const int column = lane + kLanes * c;
      if (i < end && column < dim) write(out + (b * s.query_length + i) * ldo + head * dim + column, sums[r][c] * inverse);
    }
    if (lse && i < end && lane == 0) lse[(b * s.heads + head) * s.query_length + i] = most[r] + logf(total[r]);
  }
}

}  // namespace

int32_t attention(rw_card* card, const rw_attention* shape, const rw_view* q, const rw_view* k, const rw_view* v, const int32_t* segment_start,
                  const rw_view* out, float* lse) {
  const rw_attention& s = *shape;
  if (size_of(*q) == 0) return RW_OK;
  if (s.head_dim > kWidestHead) return refuse(card, RW_SHAPE, "Attention heads wider than 256 are not computed on the card.");
  RANKWISE_WITH_TYPE(q->dtype, T, RANKWISE_WITH_HEAD(s.head_dim, {
    const size_t dim = static_cast<size_t>(s.head_dim);
    const size_t bytes = sizeof(float) * (kWarps * LINES * dim + kLanes * (dim + 1) + kWarps * LINES * kLanes);
    const dim3 blocks(static_cast<unsigned>(divided_up(s.query_length, kWarps * LINES)), static_cast<unsigned>(s.heads), static_cast<unsigned>(s.batch));
    RANKWISE_LAUNCH((attend<T, LINES, COLS>), blocks, dim3(kAttentionThreads), bytes, card->stream, s, static_cast<const T*>(q->data), q->ld,
                    static_cast<const T*>(k->data), k->ld, static_cast<const T*>(v->data), v->ld, segment_start, static_cast<T*>(out->data), out->ld,
                    lse);
  }));
  return launched(card, "attention");
}

}  // namespace rankwise::cuda
