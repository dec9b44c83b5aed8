#include "cpu/isa/vector_adam.h"

#include "cpu/isa/vector_table.h"

namespace rankwise {
namespace RANKWISE_ISA {
namespace {

template <class P, class G, class M>
void adamw(int64_t n, uint64_t first, const AdamConstants& constants, void* parameter_, const void* gradient_, void* m_, void* v_) {
  P* parameter = static_cast<P*>(parameter_);
  const G* gradient = static_cast<const G*>(gradient_);
  M *m = static_cast<M*>(m_), *v = static_cast<M*>(v_);
  const AdamVectors c = adam_vectors(constants);
  const Vec decay = splat(constants.decay), rate = splat(-constants.rate);
  float values[kRandomRun];
  for (int64_t from = 0; from < n; from += kRandomRun) {
    const int64_t end = least(n, from + kRandomRun);
    for (int64_t j = from; j < end; j += kLanes) {
      const int64_t left = end - j;
      Vec m_now = load_up_to(m + j, left), v_now = load_up_to(v + j, left);
      const Vec u = adam_advance(c, c.gradient_scale * load_up_to(gradient + j, left), m_now, v_now);
      store_up_to(m + j, m_now, left);
      store_up_to(v + j, v_now, left);
      store(values + (j - from), fma(rate, u, decay * load_up_to(parameter + j, left)));
    }
    store_parameters(parameter + from, values, end - from, first + static_cast<uint64_t>(from), constants);
  }
}

template <class G, class M>
void adam_direction(int64_t n, const AdamConstants& constants, const void* gradient_, void* m_, void* v_, float* update) {
  const G* gradient = static_cast<const G*>(gradient_);
  M *m = static_cast<M*>(m_), *v = static_cast<M*>(v_);
  const AdamVectors c = adam_vectors(constants);
  for (int64_t j = 0; j < n; j += kLanes) {
    const int64_t left = n - j;
    Vec m_now = load_up_to(m + j, left), v_now = load_up_to(v + j, left);
    const Vec u = adam_advance(c, c.gradient_scale * load_up_to(gradient + j, left), m_now, v_now);
    store_up_to(m + j, m_now, left);
    store_up_to(v + j, v_now, left);
    store_up_to(update + j, u, left);
  }
}

}  // namespace

void add_adam_kernels(VectorKernels& t) {
  t.adamw[0][0][0] = adamw<float, float, float>;
  t.adamw[0][0][1] = adamw<float, float, Bf16>;
  t.adamw[0][1][0] = adamw<float, Bf16, float>;
  t.adamw[0][1][1] = adamw<float, Bf16, Bf16>;
  t.adamw[1][0][0] = adamw<Bf16, float, float>;
  t.adamw[1][0][1] = adamw<Bf16, float, Bf16>;
  t.adamw[1][1][0] = adamw<Bf16, Bf16, float>;
  t.adamw[1][1][1] = adamw<Bf16, Bf16, Bf16>;
  t.adam_direction[0][0] = adam_direction<float, float>;
  t.adam_direction[0][1] = adam_direction<float, Bf16>;
  t.adam_direction[1][0] = adam_direction<Bf16, float>;
  t.adam_direction[1][1] = adam_direction<Bf16, Bf16>;
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
