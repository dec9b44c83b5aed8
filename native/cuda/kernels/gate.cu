// SwiGLU and GeGLU: activation(gate) ⊙ up, forward and backward.
#include "cuda/kernels/numbers.cuh"
#include "cuda/plugin.h"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

__device__ inline float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

// Both activations are x · sigmoid(a(x)): a(x) = x, and 2√(2/π)(x + 0.044715x³), since (1 + tanh(z)) / 2 = sigmoid(2z).
struct Silu {
  static __device__ inline float argument(float x) { return x; }
  static __device__ inline float slope(float) { return 1.0f; }  // a'(x)
};
struct GeluTanh {
  static __device__ inline float argument(float x) { return x * (1.5957691f + 0.071354816f * x * x); }
  static __device__ inline float slope(float x) { return 1.5957691f + 0.21406445f * x * x; }
};

template <class Activation, class T>
__global__ void gate_up(int64_t rows, int64_t cols, const T* gate, int64_t ldg, const T* up, int64_t ldu, T* out, int64_t ldo) {
  for (int64_t i = blockIdx.y; i < rows; i += gridDim.y) {
    for (int64_t j = first_of_grid(); j < cols; j += step_of_grid()) {
      const float g = read(gate + i * ldg + j);
      write(out + i * ldo + j, g * sigmoid(Activation::argument(g)) * read(up + i * ldu + j));
    }
  }
}

// The gradients may take the place of any input: a thread reads its element of each before it writes.
template <class Activation, class T>
__global__ void gate_up_backward(int64_t rows, int64_t cols, const T* dout, int64_t ldd, const T* gate, int64_t ldg, const T* up, int64_t ldu,
                                 T* dgate, int64_t lddg, T* dup, int64_t lddu, T* act, int64_t lda) {
  for (int64_t i = blockIdx.y; i < rows; i += gridDim.y) {
    for (int64_t j = first_of_grid(); j < cols; j += step_of_grid()) {
      const float d = read(dout + i * ldd + j), g = read(gate + i * ldg + j), u = read(up + i * ldu + j);
      const float s = sigmoid(Activation::argument(g)), active = g * s;
      write(dgate + i * lddg + j, d * u * (s + active * Activation::slope(g) * (1.0f - s)));
      write(dup + i * lddu + j, d * active);
      if (act) write(act + i * lda + j, active * u);
    }
  }
}

template <class Activation>
int32_t forward(const char* name, rw_card* card, const rw_view* gate, const rw_view* up, const rw_view* out) {
  if (size_of(*gate) == 0) return RW_OK;
  const bool flat = contiguous(*gate) && contiguous(*up) && contiguous(*out);
  const rw_view g = flat ? flattened(*gate) : *gate;
  const RowGrid grid = grid_over(g.rows, g.cols);
  RANKWISE_WITH_TYPE(g.dtype, T, RANKWISE_LAUNCH((gate_up<Activation, T>), grid.blocks, grid.threads, 0, card->stream, g.rows, g.cols,
                     static_cast<const T*>(g.data), g.ld, static_cast<const T*>(up->data), up->ld, static_cast<T*>(out->data), out->ld));
  return launched(card, name);
}

template <class Activation>
int32_t backward(const char* name, rw_card* card, const rw_view* dout, const rw_view* gate, const rw_view* up, const rw_view* dgate,
                 const rw_view* dup, const rw_view* act) {
  if (size_of(*gate) == 0) return RW_OK;
  const bool flat = contiguous(*dout) && contiguous(*gate) && contiguous(*up) && contiguous(*dgate) && contiguous(*dup) && (!act || contiguous(*act));
  const rw_view g = flat ? flattened(*gate) : *gate;
  const RowGrid grid = grid_over(g.rows, g.cols);
  RANKWISE_WITH_TYPE(g.dtype, T, RANKWISE_LAUNCH((gate_up_backward<Activation, T>), grid.blocks, grid.threads, 0, card->stream, g.rows, g.cols,
                     static_cast<const T*>(dout->data), dout->ld, static_cast<const T*>(g.data), g.ld, static_cast<const T*>(up->data), up->ld,
                     static_cast<T*>(dgate->data), dgate->ld, static_cast<T*>(dup->data), dup->ld, act ? static_cast<T*>(act->data) : nullptr,
                     act ? act->ld : 0));
  return launched(card, name);
}

}  // namespace

int32_t swiglu(rw_card* card, const rw_view* gate, const rw_view* up, const rw_view* out) { return forward<Silu>("swiglu", card, gate, up, out); }
int32_t swiglu_backward(rw_card* card, const rw_view* dout, const rw_view* gate, const rw_view* up, const rw_view* dgate, const rw_view* dup,
                        const rw_view* act) {
  return backward<Silu>("swiglu_backward", card, dout, gate, up, dgate, dup, act);
}
int32_t geglu(rw_card* card, const rw_view* gate, const rw_view* up, const rw_view* out) { return forward<GeluTanh>("geglu", card, gate, up, out); }
int32_t geglu_backward(rw_card* card, const rw_view* dout, const rw_view* gate, const rw_view* up, const rw_view* dgate, const rw_view* dup,
                       const rw_view* act) {
  return backward<GeluTanh>("geglu_backward", card, dout, gate, up, dgate, dup, act);
}

}  // namespace rankwise::cuda
