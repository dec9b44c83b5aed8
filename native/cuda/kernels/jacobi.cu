// Symmetric eigenproblems by one-sided Jacobi rotations (Hestenes, 1958): the rows of A are turned against each other until they are
// orthogonal; the same turns of the identity are then the eigenvectors. All pairs of a step are apart and turn at once, in an order
// that does not depend on the card (round robin).
#include "cuda/kernels/numbers.cuh"
#include "cuda/kernels/row_signs.cuh"
#include "cuda/plugin.h"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

constexpr int kMostSweeps = 40;

// A symmetric eigenproblem of p in the type of its arithmetic: what is turned, the turns, and what comes out.
template <class T>
struct Eigenproblem {
  T* matrix;  // [p × p], rows `ld` apart
  int64_t ld;
  T* vectors;  // [p × p]
  T* values;   // [p]
  int* order;  // [p]
};

unsigned pair_threads(int64_t p) { return p <= 64 ? 32 : p <= 256 ? 64 : p <= 512 ? 128 : 256; }

// A row of the identity, a row of A in the type of the work, and its squared length.
template <class T>
__global__ void begin_rows(int64_t p, const float* from, int64_t ld, Eigenproblem<T> e, int* fault) {
  RANKWISE_SHARED(T, room, 32);
  const int64_t i = blockIdx.x;
  T square = 0;
  for (int64_t j = threadIdx.x; j < p; j += blockDim.x) {
    const T value = from[i * ld + j];
    e.vectors[i * p + j] = i == j ? T(1) : T(0);
    e.matrix[i * e.ld + j] = value;
    square += value * value;
  }
  square = block_sum(square, room);
  if (threadIdx.x != 0) return;
  e.values[i] = square;
  if (!isfinite(square)) atomicMax(fault, static_cast<int>(RW_EIGEN));
}

template <class T>
__global__ void find_scale(int64_t p, const T* squares, double* scale) {
  double most = 0;
  for (int64_t i = 0; i < p; ++i) most = squares[i] > most ? static_cast<double>(squares[i]) : most;
  *scale = sqrt(most);
}

// Step `step` of a round robin of m players (m even): player m − 1 stays, the others go round.
template <class T>
__global__ void turn_pairs(int64_t p, int64_t m, int64_t step, T tolerance, Eigenproblem<T> e, const double* scale, int* rotations) {
  RANKWISE_SHARED(T, room, 32);
  const int64_t b = blockIdx.x, first = b == 0 ? m - 1 : (step + b) % (m - 1), second = (step + m - 1 - b) % (m - 1);
  const int64_t i = first < second ? first : second, j = first < second ? second : first;
  if (j >= p) return;
  T *ai = e.matrix + i * e.ld, *aj = e.matrix + j * e.ld, *vi = e.vectors + i * p, *vj = e.vectors + j * p;
  T own_i = 0, own_j = 0, mixed = 0;
  for (int64_t k = threadIdx.x; k < p; k += blockDim.x) {
    own_i += ai[k] * ai[k];
    own_j += aj[k] * aj[k];
    mixed += ai[k] * aj[k];
  }
  own_i = block_sum(own_i, room);
  own_j = block_sum(own_j, room);
  mixed = block_sum(mixed, room);
  // What is left between two directions, beside the largest: rounding makes as much.
  if (!(fabs(mixed) > tolerance * static_cast<T>(*scale) * (sqrt(own_i) + sqrt(own_j)))) return;
  if (threadIdx.x == 0) atomicMax(rotations, 1);
  const T zeta = (own_j - own_i) / (2 * mixed), t = copysign(T(1), zeta) / (fabs(zeta) + sqrt(1 + zeta * zeta));
  const T c = 1 / sqrt(1 + t * t), s = c * t;
  for (int64_t k = threadIdx.x; k < p; k += blockDim.x) {
    const T x = ai[k], y = aj[k], u = vi[k], w = vj[k];
    ai[k] = c * x - s * y;
    aj[k] = s * x + c * y;
    vi[k] = c * u - s * w;
    vj[k] = s * u + c * w;
  }
}

template <class T>
__global__ void find_values(int64_t p, Eigenproblem<T> e) {
  RANKWISE_SHARED(T, room, 32);
  T sum = 0;
  for (int64_t k = threadIdx.x; k < p; k += blockDim.x) sum += e.matrix[blockIdx.x * e.ld + k] * e.vectors[blockIdx.x * p + k];
  sum = block_sum(sum, room);
  if (threadIdx.x == 0) e.values[blockIdx.x] = sum;
}

// order[place] = which value comes there, the largest first, the first of equals first.
template <class T>
__global__ void find_order(int64_t p, Eigenproblem<T> e) {
  const int64_t i = first_of_grid();
  if (i >= p) return;
  int64_t place = 0;
  for (int64_t j = 0; j < p; ++j) place += e.values[j] > e.values[i] || (e.values[j] == e.values[i] && j < i);
  e.order[place] = static_cast<int>(i);
}

__global__ void take_vectors(int64_t p, Eigenproblem<float> e, float* out, int64_t ldo, float* eigenvalues) {
  RANKWISE_SHARED(float, room, 32);
  RANKWISE_SHARED(int64_t, places, 32);
  const int64_t from = e.order[blockIdx.x];
  float* row = out + blockIdx.x * ldo;
  for (int64_t k = threadIdx.x; k < p; k += blockDim.x) row[k] = e.vectors[from * p + k];
  if (threadIdx.x == 0) eigenvalues[blockIdx.x] = e.values[from];
  __syncthreads();
  fix_row_sign(p, row, room, places);
}

// out = Σ over the directions that count, v·vᵀ / λ.
__global__ void add_inverse(int64_t r, double cutoff, Eigenproblem<double> e, float* out, int64_t ldo) {
  const int64_t i = blockIdx.x;
  const double least = cutoff * e.values[e.order[0]];
  for (int64_t j = threadIdx.x; j < r; j += blockDim.x) {
    double sum = 0;
    for (int64_t k = 0; k < r; ++k) {
      const double value = e.values[k];
      if (value > 0 && value >= least) sum += e.vectors[k * r + i] * e.vectors[k * r + j] / value;
    }
    out[i * ldo + j] = static_cast<float>(sum);
  }
}

template <class T>
int32_t solve(rw_card* card, int64_t p, const rw_view& from, const Eigenproblem<T>& e, T tolerance) {
  const dim3 threads(pair_threads(p)), rows(static_cast<unsigned>(p));
  Answers* answers = &card->small->answers;
  RANKWISE_LAUNCH(begin_rows<T>, rows, threads, 0, card->stream, p, static_cast<const float*>(from.data), from.ld, e, &answers->fault);
  RANKWISE_LAUNCH(find_scale<T>, dim3(1), dim3(1), 0, card->stream, p, e.values, &card->small->scale);
  const int64_t players = p + p % 2;
  int32_t status = launched(card, "eigenproblem");
  for (int sweep = 0;; ++sweep) {
    if (status == RW_OK) status = checked(card, cudaMemsetAsync(&answers->rotations, 0, sizeof(int), card->stream), "eigenproblem");
    if (status != RW_OK) return status;
    for (int64_t step = 0; p > 1 && step < players - 1; ++step) {
      RANKWISE_LAUNCH(turn_pairs<T>, dim3(static_cast<unsigned>(players / 2)), threads, 0, card->stream, p, players, step, tolerance, e,
                      &card->small->scale, &answers->rotations);
    }
    status = launched(card, "eigenproblem");
    if (status == RW_OK) status = wait_for_answers(card, "eigenproblem");
    if (status != RW_OK) return status;
    if (card->answers->rotations == 0) break;
    if (sweep == kMostSweeps) return refuse(card, RW_EIGEN, "A symmetric eigenproblem did not converge.");
  }
  RANKWISE_LAUNCH(find_values<T>, rows, threads, 0, card->stream, p, e);
  RANKWISE_LAUNCH(find_order<T>, dim3(static_cast<unsigned>(divided_up(p, 128))), dim3(128), 0, card->stream, p, e);
  return launched(card, "eigenproblem");
}

}  // namespace

int32_t eigh_top(rw_card* card, const rw_view* gram, const rw_view* out, float* eigenvalues, void* scratch) {
  const int64_t p = gram->rows;
  if (p == 0 || out->rows == 0) return RW_OK;
  float* vectors = static_cast<float*>(scratch);
  const Eigenproblem<float> e = {static_cast<float*>(gram->data), gram->ld, vectors, vectors + p * p, reinterpret_cast<int*>(vectors + p * p + p)};
  const int32_t status = solve(card, p, *gram, e, 4 * 0x1p-23f);
  if (status != RW_OK) return status;
  RANKWISE_LAUNCH(take_vectors, dim3(static_cast<unsigned>(out->rows)), dim3(pair_threads(p)), 0, card->stream, p, e, static_cast<float*>(out->data),
                  out->ld, eigenvalues);
  return launched(card, "eigh_top");
}

int32_t pseudo_inverse_symmetric(rw_card* card, const rw_view* a, const rw_view* out, void* scratch) {
  const int64_t r = a->rows;
  if (r == 0) return RW_OK;
  double* matrix = static_cast<double*>(scratch);
  const Eigenproblem<double> e = {matrix, r, matrix + r * r, matrix + 2 * r * r, reinterpret_cast<int*>(matrix + 2 * r * r + r)};
  const int32_t status = solve(card, r, *a, e, 4 * 0x1p-52);
  if (status != RW_OK) return status;
  RANKWISE_LAUNCH(add_inverse, dim3(static_cast<unsigned>(r)), dim3(pair_threads(r)), 0, card->stream, r, static_cast<double>(1e-7f), e,
                  static_cast<float*>(out->data), out->ld);
  return launched(card, "pseudo_inverse_symmetric");
}

}  // namespace rankwise::cuda
