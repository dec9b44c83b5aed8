#include "cpu/isa/vector_math.h"
#include "cpu/isa/vector_table.h"

namespace rankwise {
namespace RANKWISE_ISA {
namespace {

template <class T>
float row_maximum(int64_t cols, const T* x) {
  const float lowest = -__builtin_inff();
  Vec even = splat(lowest), odd = splat(lowest);
  int64_t j = 0;
  for (; j + 2 * kLanes <= cols; j += 2 * kLanes) {
    even = largest(even, load(x + j));
    odd = largest(odd, load(x + j + kLanes));
  }
  for (; j < cols; j += kLanes) {
    const int64_t left = cols - j;
    even = largest(even, left >= kLanes ? load(x + j) : keep_first(load_some(x + j, left), left, lowest));
  }
  return max_lanes(largest(even, odd));
}

// Σ e^(x − maximum). In f32 rows that will become gradients the exponentials replace the logits, so that no one computes them again;
// bf16 would round them.
template <class T, bool kKeep>
float exponential_sum(int64_t cols, T* x, float maximum) {
  const Vec shift = splat(maximum);
  Vec even = splat(0), odd = splat(0);
  int64_t j = 0;
  for (; j + 2 * kLanes <= cols; j += 2 * kLanes) {
    const Vec a = exp(load(x + j) - shift), b = exp(load(x + j + kLanes) - shift);
    if constexpr (kKeep) {
      store(x + j, a);
      store(x + j + kLanes, b);
    }
    even = even + a;
    odd = odd + b;
  }
  for (; j < cols; j += kLanes) {
    const int64_t left = cols - j;
    const Vec a = exp(load_up_to(x + j, left) - shift);
    if constexpr (kKeep) store_up_to(x + j, a, left);
    even = even + (left >= kLanes ? a : keep_first(a, left, 0.0f));
  }
  return sum_lanes(even + odd);
}

template <class T>
float cross_entropy(int64_t cols, void* logits, int64_t target, bool gradient, float scale) {
  T* x = static_cast<T*>(logits);
  constexpr bool kInPlace = sizeof(T) == sizeof(float);
  const float at_target = to_float(x[target]);
  const float maximum = row_maximum(cols, x);
  const float sum = gradient && kInPlace ? exponential_sum<T, kInPlace>(cols, x, maximum) : exponential_sum<T, false>(cols, x, maximum);
  const float loss = __builtin_logf(sum) + (maximum - at_target);
  if (gradient) {
    const float factor = scale / sum;
    const Vec shift = splat(maximum), multiplier = splat(factor);
    for (int64_t j = 0; j < cols; j += kLanes) {
      const Vec value = load_up_to(x + j, cols - j);
      store_up_to(x + j, (kInPlace ? value : exp(value - shift)) * multiplier, cols - j);
    }
    // From the loss and not from the rounded row: 1 − p is small where the model is sure.
    put(x + target, __builtin_expm1f(-loss) * scale);
  }
  return loss;
}

template <class T>
void softcap(int64_t n, void* x_, float cap) {
  T* x = static_cast<T*>(x_);
  const Vec by = splat(1.0f / cap), times = splat(cap);
  for (int64_t j = 0; j < n; j += kLanes) store_up_to(x + j, times * tanh(load_up_to(x + j, n - j) * by), n - j);
}

template <class T>
void softcap_backward(int64_t n, const void* y_, float cap, void* dy_) {
  const T* y = static_cast<const T*>(y_);
  T* dy = static_cast<T*>(dy_);
  const Vec by = splat(1.0f / cap);
  for (int64_t j = 0; j < n; j += kLanes) {
    const Vec part = load_up_to(y + j, n - j) * by;
    store_up_to(dy + j, load_up_to(dy + j, n - j) * (splat(1.0f) - part * part), n - j);
  }
}

}  // namespace

void add_loss_kernels(VectorKernels& t) {
  t.softcap[0] = softcap<float>;
  t.softcap[1] = softcap<Bf16>;
  t.softcap_backward[0] = softcap_backward<float>;
  t.softcap_backward[1] = softcap_backward<Bf16>;
  t.cross_entropy[0] = cross_entropy<float>;
  t.cross_entropy[1] = cross_entropy<Bf16>;
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
