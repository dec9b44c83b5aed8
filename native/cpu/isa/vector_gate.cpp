#include "cpu/isa/vector_math.h"
#include "cpu/isa/vector_table.h"

namespace rankwise {
namespace RANKWISE_ISA {
namespace {

template <class T>
void rope(int64_t heads, int64_t head_dim, int64_t pairs, void* x_, const float* cos, const float* sin, float direction) {
  const Vec sign = splat(direction);
  for (int64_t h = 0; h < heads; ++h) {
    T* low = static_cast<T*>(x_) + h * head_dim;
    T* high = low + pairs;
    for (int64_t j = 0; j < pairs; j += kLanes) {
      const int64_t left = pairs - j;
      const Vec c = load_up_to(cos + j, left), s = sign * load_up_to(sin + j, left);
      const Vec a = load_up_to(low + j, left), b = load_up_to(high + j, left);
      store_up_to(low + j, a * c - b * s, left);
      store_up_to(high + j, b * c + a * s, left);
    }
  }
}

// Both activations are x · sigmoid(a(x)): a(x) = x, and 2√(2/π)(x + 0.044715x³), since (1 + tanh(z)) / 2 = sigmoid(2z).
struct Silu {
  static Vec argument(Vec x) { return x; }
  static Vec slope(Vec) { return splat(1.0f); }  // a'(x)
};
struct GeluTanh {
  static Vec argument(Vec x) { return x * fma(x * x, splat(0.071354816f), splat(1.5957691f)); }
  static Vec slope(Vec x) { return fma(x * x, splat(0.21406445f), splat(1.5957691f)); }
};

template <class Activation, class T>
void gate_up(int64_t n, const void* gate_, const void* up_, void* out_) {
  const T *gate = static_cast<const T*>(gate_), *up = static_cast<const T*>(up_);
  T* out = static_cast<T*>(out_);
  for (int64_t j = 0; j < n; j += kLanes) {
    const Vec g = load_up_to(gate + j, n - j);
    store_up_to(out + j, g * sigmoid(Activation::argument(g)) * load_up_to(up + j, n - j), n - j);
  }
}

// Every element's inputs are read before its results are written, which is what lets the results replace them.
template <class Activation, class T>
void gate_up_backward(int64_t n, const void* dout_, const void* gate_, const void* up_, void* dgate_, void* dup_, void* act_) {
  const T *dout = static_cast<const T*>(dout_), *gate = static_cast<const T*>(gate_), *up = static_cast<const T*>(up_);
  T *dgate = static_cast<T*>(dgate_), *dup = static_cast<T*>(dup_), *act = static_cast<T*>(act_);
  for (int64_t j = 0; j < n; j += kLanes) {
    const int64_t left = n - j;
    const Vec d = load_up_to(dout + j, left), g = load_up_to(gate + j, left), u = load_up_to(up + j, left);
    const Vec s = sigmoid(Activation::argument(g)), active = g * s;
    store_up_to(dgate + j, d * u * s * fma(g * Activation::slope(g), splat(1.0f) - s, splat(1.0f)), left);
    store_up_to(dup + j, d * active, left);
    if (act) store_up_to(act + j, active * u, left);
  }
}

}  // namespace

void add_gate_kernels(VectorKernels& t) {
  t.rope[0] = rope<float>;
  t.rope[1] = rope<Bf16>;
  t.swiglu[0] = gate_up<Silu, float>;
  t.swiglu[1] = gate_up<Silu, Bf16>;
  t.swiglu_backward[0] = gate_up_backward<Silu, float>;
  t.swiglu_backward[1] = gate_up_backward<Silu, Bf16>;
  t.geglu[0] = gate_up<GeluTanh, float>;
  t.geglu[1] = gate_up<GeluTanh, Bf16>;
  t.geglu_backward[0] = gate_up_backward<GeluTanh, float>;
  t.geglu_backward[1] = gate_up_backward<GeluTanh, Bf16>;
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
