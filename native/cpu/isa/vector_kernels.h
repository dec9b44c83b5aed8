#pragma once
#include <cstdint>

#include "ops/adam_constants.h"

// The elementwise and row kernels of one instruction set. This header is read both by the files of this folder and by the plain
// ones, so it holds nothing but data. Untyped pointers are f32 or bf16 as the index of the entry says: [0] f32, [1] bf16.
namespace rankwise {

// 8-bit moments of a span that starts at a block of 256.
struct Moments8 {
  uint8_t *m_codes, *v_codes;
  float *m_absmax, *v_absmax;
  // quant/maps.h: values, midpoints, codes to start from and how to find them.
  const float *signed_map, *unsigned_map;
  const float *signed_midpoints, *unsigned_midpoints;
  const int32_t *signed_starts, *unsigned_starts;
  int32_t code_shift, code_base, code_buckets;
};

using GateKernel = void (*)(int64_t n, const void* gate, const void* up, void* out);
using GateBackwardKernel = void (*)(int64_t n, const void* dout, const void* gate, const void* up, void* dgate, void* dup, void* act);

struct VectorKernels {
  // ---- rows: [type of x][type of gamma]; lengths in elements ----
  void (*rmsnorm[2][2])(int64_t rows, int64_t cols, const void* x, int64_t ldx, const void* gamma, float epsilon, void* y, int64_t ldy,
                        float* rstd);
  // add may be null.
  void (*rmsnorm_backward[2][2])(int64_t rows, int64_t cols, const void* dy, int64_t lddy, const void* x, int64_t ldx, const void* gamma,
                                 const float* rstd, const void* add, int64_t ldadd, void* dx, int64_t lddx);
  // dgamma[0 … cols) += Σ rows dy·x·rstd, for a range of columns.
  void (*rmsnorm_gamma[2])(int64_t rows, int64_t cols, const void* dy, int64_t lddy, const void* x, int64_t ldx, const float* rstd,
                           float* dgamma);
  void (*column_sum[2])(int64_t rows, int64_t cols, const void* x, int64_t ldx, float* out);
  // One row of heads; direction −1 rotates back.
  void (*rope[2])(int64_t heads, int64_t head_dim, int64_t pairs, void* x, const float* cos, const float* sin, float direction);
  void (*softcap[2])(int64_t n, void* x, float cap);
  void (*softcap_backward[2])(int64_t n, const void* y, float cap, void* dy);
  // One row; returns the loss. With gradient the row becomes (softmax − onehot)·scale.
  float (*cross_entropy[2])(int64_t cols, void* logits, int64_t target, bool gradient, float scale);

  // ---- spans of n elements ----
  GateKernel swiglu[2], geglu[2];
  GateBackwardKernel swiglu_backward[2], geglu_backward[2];
  void (*convert[2][2])(int64_t n, const void* from, void* to);
  void (*axpby[2][2])(int64_t n, float alpha, const void* x, float beta, void* y);  // [x][y]
  void (*multiply)(int64_t n, const float* a, const float* b, float* out);
  double (*sum[2])(int64_t n, const void* x);
  double (*sum_squares[2])(int64_t n, const void* x);
  double (*squared_distance[2][2])(int64_t n, const void* a, const void* b);
  float (*dot)(int64_t n, const float* a, const float* b);
  // Elements first … first + n of a stream: low + (high − low)·uniform. first % 4 = 0.
  void (*fill_uniform[2])(int64_t n, uint64_t first, uint64_t stream_key, uint64_t stream_step, float low, float high, void* x);

  // ---- optimizer; `first` is the index of the span's first element in its tensor, a multiple of 4 ----
  void (*adamw[2][2][2])(int64_t n, uint64_t first, const AdamConstants&, void* parameter, const void* gradient, void* m, void* v);
  void (*adam_direction[2][2])(int64_t n, const AdamConstants&, const void* gradient, void* m, void* v, float* update);
  void (*adamw8[2][2])(int64_t n, uint64_t first, const AdamConstants&, const Moments8&, void* parameter, const void* gradient);
  void (*adam_direction8[2])(int64_t n, const AdamConstants&, const Moments8&, const void* gradient, float* update);

  // ---- NF4 ----
  // Blocks of 64 of a span that starts at one.
  void (*quantize_nf4[2])(int64_t n, const void* from, const float* midpoints, uint8_t* codes, float* absmax);
  void (*dequantize_nf4[2])(int64_t n, const uint8_t* codes, const float* absmax, const float* levels, void* to);
};

}  // namespace rankwise
