// AdamW with moments in f32 or bf16: fused, one pass over everything.
#include "cuda/kernels/adam.cuh"
#include "cuda/plugin.h"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

// A thread takes four elements: a block of the stream of random words.
template <class P, class G, class M>
__global__ void adamw_elements(int64_t n, rw_adam c, P* parameter, const G* gradient, M* m, M* v) {
  for (int64_t block = first_of_grid(); 4 * block < n; block += step_of_grid()) {
    const Words words = c.stochastic ? philox(c.rounding.key, static_cast<uint64_t>(block), c.rounding.step) : Words{};
    for (int k = 0; k < 4 && 4 * block + k < n; ++k) {
      const int64_t i = 4 * block + k;
      float m_now = read(m + i), v_now = read(v + i);
      const float u = adam_advance(c, c.gradient_scale * read(gradient + i), m_now, v_now);
      write(m + i, m_now);
      write(v + i, v_now);
      store_parameter(parameter + i, moved(c, read(parameter + i), u), c, words.word[k]);
    }
  }
}

template <class G, class M>
__global__ void direction_elements(int64_t n, rw_adam c, const G* gradient, M* m, M* v, float* update) {
  for (int64_t i = first_of_grid(); i < n; i += step_of_grid()) {
    float m_now = read(m + i), v_now = read(v + i);
    const float u = adam_advance(c, c.gradient_scale * read(gradient + i), m_now, v_now);
    write(m + i, m_now);
    write(v + i, v_now);
    update[i] = u;
  }
}

}  // namespace

int32_t adamw(rw_card* card, const rw_view* parameter, const rw_view* gradient, const rw_view* m, const rw_view* v, const rw_adam* step) {
  const int64_t n = size_of(*parameter);
  if (n == 0) return RW_OK;
  const RowGrid grid = grid_over(1, n);
  RANKWISE_WITH_TYPE(parameter->dtype, P, RANKWISE_WITH_TYPE(gradient->dtype, G, RANKWISE_WITH_TYPE(m->dtype, M, RANKWISE_LAUNCH((adamw_elements<P, G, M>),
                     grid.blocks, grid.threads, 0, card->stream, n, *step, static_cast<P*>(parameter->data), static_cast<const G*>(gradient->data),
                     static_cast<M*>(m->data), static_cast<M*>(v->data)))));
  return launched(card, "adamw");
}

int32_t adam_direction(rw_card* card, const rw_view* gradient, const rw_view* m, const rw_view* v, float* update, const rw_adam* step) {
  const int64_t n = size_of(*gradient);
  if (n == 0) return RW_OK;
  const RowGrid grid = grid_over(1, n);
  RANKWISE_WITH_TYPE(gradient->dtype, G, RANKWISE_WITH_TYPE(m->dtype, M, RANKWISE_LAUNCH((direction_elements<G, M>), grid.blocks, grid.threads, 0,
                     card->stream, n, *step, static_cast<const G*>(gradient->data), static_cast<M*>(m->data), static_cast<M*>(v->data), update)));
  return launched(card, "adam_direction");
}

}  // namespace rankwise::cuda
