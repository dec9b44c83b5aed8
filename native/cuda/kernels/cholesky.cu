// The inverse of a symmetric positive definite matrix by blocked Cholesky factors in double: panels of 32 columns. What LoQT's compensation
// inverts is the Gram matrix of a nearly orthonormal basis; where it is not, the caller takes the eigenvectors.
#include "cuda/kernels/cholesky.h"

#include "cuda/kernels/numbers.cuh"

namespace rankwise::cuda {

namespace {

constexpr int kPanel = 32;
constexpr double kLeastPivot = 1e-4;

struct Factors {
  int64_t r;
  double* lower;    // [r × r]: a, then L
  double* inverse;  // [r × r]: L⁻¹, zero above the diagonal
};

__global__ void begin_factors(Factors f, const float* a, int64_t lda, int* settled) {
  const int64_t i = blockIdx.x;
  for (int64_t j = threadIdx.x; j < f.r; j += blockDim.x) {
    f.lower[i * f.r + j] = a[i * lda + j];
    f.inverse[i * f.r + j] = 0;
  }
  if (i == 0 && threadIdx.x == 0) *settled = 1;
}

__global__ void largest_diagonal(Factors f, double* scale) {
  double most = 0;
  for (int64_t i = 0; i < f.r; ++i) most = fmax(most, f.lower[i * f.r + i]);
  *scale = most;
}

// Factors the diagonal block at `from` and inverts the factor: one warp, a lane per row and then per column.
__global__ void factor_diagonal(Factors f, int64_t from, const double* scale, int* settled) {
  RANKWISE_SHARED(double, block, kPanel * kPanel);
  RANKWISE_SHARED(double, columns, kPanel * kPanel);
  const int lane = threadIdx.x, n = static_cast<int>(f.r - from < kPanel ? f.r - from : kPanel);
  double* corner = f.lower + from * f.r + from;
  for (int j = 0; j < n; ++j) block[lane * kPanel + j] = lane < n ? corner[lane * f.r + j] : 0.0;
  __syncwarp();
  for (int k = 0; k < n; ++k) {
    const double pivot = block[k * kPanel + k];
    const bool enough = pivot > kLeastPivot * *scale;
    const double root = enough ? sqrt(pivot) : 1.0;
    __syncwarp();
    if (!enough && lane == 0) atomicExch(settled, 0);
    if (lane == k) block[k * kPanel + k] = root;
    if (lane > k) block[lane * kPanel + k] /= root;
    __syncwarp();
    for (int j = k + 1; j < n; ++j) {
      if (lane >= j) block[lane * kPanel + j] -= block[lane * kPanel + k] * block[j * kPanel + k];
    }
    __syncwarp();
  }
  if (lane < n) {
    for (int j = 0; j <= lane; ++j) corner[lane * f.r + j] = block[lane * kPanel + j];
    for (int i = 0; i < n; ++i) {
      double sum = i == lane ? 1.0 : 0.0;
      for (int k = lane; k < i; ++k) sum -= block[i * kPanel + k] * columns[k * kPanel + lane];
      columns[i * kPanel + lane] = i < lane ? 0.0 : sum / block[i * kPanel + i];
      f.inverse[(from + i) * f.r + from + lane] = columns[i * kPanel + lane];
    }
  }
}

// Rows below the diagonal block: A·L⁻ᵀ, a warp per row.
__global__ void solve_below(Factors f, int64_t from) {
  const int64_t i = from + kPanel + blockIdx.x;
  const int lane = threadIdx.x;
  double* row = f.lower + i * f.r + from;
  const double* corner = f.inverse + from * f.r + from;
  double sum = 0;
  for (int k = 0; k <= lane; ++k) sum += row[k] * corner[lane * f.r + k];
  __syncwarp();
  row[lane] = sum;
}

// The lower triangle behind the panel: A_ij −= Σ_k L_ik·L_jk, a thread per entry.
__global__ void update_behind(Factors f, int64_t from) {
  const int64_t i = from + kPanel + blockIdx.y, j = from + kPanel + static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (j > i) return;
  const double *a = f.lower + i * f.r + from, *b = f.lower + j * f.r + from;
  double sum = 0;
  for (int k = 0; k < kPanel; ++k) sum += a[k] * b[k];
  f.lower[i * f.r + j] -= sum;
}

// Rows [from, from + 32) of L⁻¹ left of the diagonal block: −L⁻¹_ii · Σ_k L_ik·X_k, a block per 32 columns, a warp per row.
__global__ void invert_rows(Factors f, int64_t from) {
  RANKWISE_SHARED(double, sums, kPanel * kPanel);
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  const int n = static_cast<int>(f.r - from < kPanel ? f.r - from : kPanel);
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kPanel + lane;
  for (int i = warp; i < n; i += warps) {
    double sum = 0;
    for (int64_t k = static_cast<int64_t>(blockIdx.x) * kPanel; k < from; ++k) sum += f.lower[(from + i) * f.r + k] * f.inverse[k * f.r + column];
    sums[i * kPanel + lane] = sum;
  }
  __syncthreads();
  for (int i = warp; i < n; i += warps) {
    double sum = 0;
    for (int k = 0; k <= i; ++k) sum -= f.inverse[(from + i) * f.r + from + k] * sums[k * kPanel + lane];
    f.inverse[(from + i) * f.r + column] = sum;
  }
}

// out = L⁻ᵀ·L⁻¹, a block per row.
__global__ void multiply_inverses(Factors f, const int* settled, float* out, int64_t ldo) {
  const int64_t i = blockIdx.x;
  if (*settled == 0) return;
  for (int64_t j = threadIdx.x; j < f.r; j += blockDim.x) {
    double sum = 0;
    for (int64_t k = i > j ? i : j; k < f.r; ++k) sum += f.inverse[k * f.r + i] * f.inverse[k * f.r + j];
    out[i * ldo + j] = static_cast<float>(sum);
  }
}

}  // namespace

int32_t queue_cholesky_inverse(rw_card* card, const rw_view& a, const rw_view& out, double* work, int* settled) {
  const int64_t r = a.rows;
  const Factors f = {r, work, work + r * r};
  const dim3 rows(static_cast<unsigned>(r)), threads(row_threads(r)), warp(32);
  RANKWISE_LAUNCH(begin_factors, rows, threads, 0, card->stream, f, static_cast<const float*>(a.data), a.ld, settled);
  RANKWISE_LAUNCH(largest_diagonal, dim3(1), dim3(1), 0, card->stream, f, &card->small->scale);
  for (int64_t from = 0; from < r; from += kPanel) {
    RANKWISE_LAUNCH(factor_diagonal, dim3(1), warp, 0, card->stream, f, from, &card->small->scale, settled);
    const int64_t behind = r - from - kPanel;
    if (behind > 0) {
      RANKWISE_LAUNCH(solve_below, dim3(static_cast<unsigned>(behind)), warp, 0, card->stream, f, from);
      const unsigned width = row_threads(behind);
      RANKWISE_LAUNCH(update_behind, dim3(static_cast<unsigned>(divided_up(behind, width)), static_cast<unsigned>(behind)), dim3(width), 0, card->stream, f,
                      from);
    }
    if (from > 0) {
      RANKWISE_LAUNCH(invert_rows, dim3(static_cast<unsigned>(from / kPanel)), dim3(256), 0, card->stream, f, from);
    }
  }
  RANKWISE_LAUNCH(multiply_inverses, rows, threads, 0, card->stream, f, settled, static_cast<float*>(out.data), out.ld);
  return launched(card, "pseudo_inverse_symmetric");
}

}  // namespace rankwise::cuda
