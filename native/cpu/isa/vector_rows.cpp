#include "cpu/isa/vector_math.h"
#include "cpu/isa/vector_table.h"

namespace rankwise {
namespace RANKWISE_ISA {
namespace {

template <class T, class G>
void rmsnorm(int64_t rows, int64_t cols, const void* x_, int64_t ldx, const void* gamma_, float epsilon, void* y_, int64_t ldy,
             float* rstd) {
  const G* gamma = static_cast<const G*>(gamma_);
  for (int64_t i = 0; i < rows; ++i) {
    const T* x = static_cast<const T*>(x_) + i * ldx;
    T* y = static_cast<T*>(y_) + i * ldy;
    Vec even = splat(0), odd = splat(0);  // two chains, so that additions overlap
    int64_t j = 0;
    for (; j + 2 * kLanes <= cols; j += 2 * kLanes) {
      const Vec a = load(x + j), b = load(x + j + kLanes);
      even = fma(a, a, even);
      odd = fma(b, b, odd);
    }
    for (; j < cols; j += kLanes) {
      const Vec a = load_up_to(x + j, cols - j);
      even = fma(a, a, even);
    }
    const float mean = sum_lanes(even + odd) / static_cast<float>(cols);
    rstd[i] = 1.0f / __builtin_sqrtf(mean + epsilon);
    const Vec scale = splat(rstd[i]);
    for (j = 0; j < cols; j += kLanes) {
      store_up_to(y + j, load_up_to(x + j, cols - j) * scale * load_up_to(gamma + j, cols - j), cols - j);
    }
  }
}

// With n = x·rstd: dx = rstd·(dy·gamma − n·mean(dy·gamma·n)) + add.
template <class T, class G>
void rmsnorm_backward(int64_t rows, int64_t cols, const void* dy_, int64_t lddy, const void* x_, int64_t ldx, const void* gamma_,
                      const float* rstd, const void* add_, int64_t ldadd, void* dx_, int64_t lddx) {
  const G* gamma = static_cast<const G*>(gamma_);
  for (int64_t i = 0; i < rows; ++i) {
    const T* dy = static_cast<const T*>(dy_) + i * lddy;
    const T* x = static_cast<const T*>(x_) + i * ldx;
    const T* add = add_ ? static_cast<const T*>(add_) + i * ldadd : nullptr;
    T* dx = static_cast<T*>(dx_) + i * lddx;
    Vec even = splat(0), odd = splat(0);
    int64_t j = 0;
    for (; j + 2 * kLanes <= cols; j += 2 * kLanes) {
      even = fma(load(dy + j) * load(gamma + j), load(x + j), even);
      odd = fma(load(dy + j + kLanes) * load(gamma + j + kLanes), load(x + j + kLanes), odd);
    }
    for (; j < cols; j += kLanes) {
      const int64_t left = cols - j;
      even = fma(load_up_to(dy + j, left) * load_up_to(gamma + j, left), load_up_to(x + j, left), even);
    }
    const float mean = sum_lanes(even + odd) / static_cast<float>(cols);
    const Vec scale = splat(rstd[i]);
    const Vec pull = splat(-mean * rstd[i] * rstd[i] * rstd[i]);
    for (j = 0; j < cols; j += kLanes) {
      const int64_t left = cols - j;
      const Vec own = scale * load_up_to(dy + j, left) * load_up_to(gamma + j, left);
      Vec d = fma(pull, load_up_to(x + j, left), own);
      if (add) d = d + load_up_to(add + j, left);
      store_up_to(dx + j, d, left);
    }
  }
}

constexpr int64_t kStrip = 256;  // columns summed at a time: their sums stay in the first-level cache

template <class T>
void rmsnorm_gamma(int64_t rows, int64_t cols, const void* dy_, int64_t lddy, const void* x_, int64_t ldx, const float* rstd,
                   float* dgamma) {
  for (int64_t from = 0; from < cols; from += kStrip) {
    const int64_t width = least(kStrip, cols - from);
    Vec sums[kStrip / kLanes];
    for (Vec& s : sums) s = splat(0);
    for (int64_t i = 0; i < rows; ++i) {
      const T* dy = static_cast<const T*>(dy_) + i * lddy + from;
      const T* x = static_cast<const T*>(x_) + i * ldx + from;
      const Vec scale = splat(rstd[i]);
      for (int64_t j = 0; j < width; j += kLanes) {
        sums[j / kLanes] = fma(load_up_to(dy + j, width - j) * scale, load_up_to(x + j, width - j), sums[j / kLanes]);
      }
    }
    for (int64_t j = 0; j < width; j += kLanes) {
      float* out = dgamma + from + j;
      store_up_to(out, load_up_to(out, width - j) + sums[j / kLanes], width - j);
    }
  }
}

template <class T>
void column_sum(int64_t rows, int64_t cols, const void* x_, int64_t ldx, float* out_) {
  for (int64_t from = 0; from < cols; from += kStrip) {
    const int64_t width = least(kStrip, cols - from);
    Vec sums[kStrip / kLanes];
    for (Vec& s : sums) s = splat(0);
    for (int64_t i = 0; i < rows; ++i) {
      const T* x = static_cast<const T*>(x_) + i * ldx + from;
      for (int64_t j = 0; j < width; j += kLanes) sums[j / kLanes] = sums[j / kLanes] + load_up_to(x + j, width - j);
    }
    for (int64_t j = 0; j < width; j += kLanes) {
      float* out = out_ + from + j;
      store_up_to(out, load_up_to(out, width - j) + sums[j / kLanes], width - j);
    }
  }
}

}  // namespace

void add_row_kernels(VectorKernels& t) {
  t.rmsnorm[0][0] = rmsnorm<float, float>;
  t.rmsnorm[0][1] = rmsnorm<float, Bf16>;
  t.rmsnorm[1][0] = rmsnorm<Bf16, float>;
  t.rmsnorm[1][1] = rmsnorm<Bf16, Bf16>;
  t.rmsnorm_backward[0][0] = rmsnorm_backward<float, float>;
  t.rmsnorm_backward[0][1] = rmsnorm_backward<float, Bf16>;
  t.rmsnorm_backward[1][0] = rmsnorm_backward<Bf16, float>;
  t.rmsnorm_backward[1][1] = rmsnorm_backward<Bf16, Bf16>;
  t.rmsnorm_gamma[0] = rmsnorm_gamma<float>;
  t.rmsnorm_gamma[1] = rmsnorm_gamma<Bf16>;
  t.column_sum[0] = column_sum<float>;
  t.column_sum[1] = column_sum<Bf16>;
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
