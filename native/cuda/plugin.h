#pragma once
#include <cstdint>
#include <string>

#include "cuda/boundary.h"
#include "cuda/cublaslt.h"
#include "cuda/launch.h"
#include "cuda/product_call.h"

// What the files of the CUDA library share. Everything runs on one stream, in the order of the calls.
namespace rankwise::cuda {

struct CodeBooks {
  float nf4_levels[16], nf4_midpoints[16];  // one midpoint fewer
  float signed_values[256], signed_midpoints[256];
  float unsigned_values[256], unsigned_midpoints[256];
};

constexpr int kPartials = 4096;

// The head of the small workspace: numbers that the host waits for.
struct Answers {
  int fault;      // the rw_status that a kernel has found since the last wait
  int rotations;  // of a sweep
  double total;
};

struct SmallWorkspace {
  Answers answers;
  double scale;
  double partials[kPartials];
  CodeBooks books;
};

}  // namespace rankwise::cuda

struct rw_card {
  int index = 0;
  cudaStream_t stream = nullptr;
  rankwise::cuda::CublasLt lt;
  rankwise::cuda::ProductPlans plans;
  rw_workspace space{};
  rankwise::cuda::SmallWorkspace* small = nullptr;  // on the card
  rankwise::cuda::Answers* answers = nullptr;       // pinned host memory
  std::string error;
};

namespace rankwise::cuda {

// Remembers the words for a status and returns it.
int32_t refuse(rw_card* card, int32_t status, const std::string& text);
// RW_OK, or the refusal that a call of the runtime has met.
int32_t checked(rw_card* card, cudaError_t error, const char* what);
// What the launches of an operation have met so far.
inline int32_t launched(rw_card* card, const char* what) { return checked(card, cudaGetLastError(), what); }
// Waits for the card and brings small->answers; what kernels have found becomes the status.
int32_t wait_for_answers(rw_card* card, const char* what);
// Queues the sum of a view's elements into small->answers.total, without waiting.
int32_t queue_sum(rw_card* card, const rw_view& view);

inline bool contiguous(const rw_view& v) { return v.ld == v.cols || v.rows == 1; }
inline int64_t size_of(const rw_view& v) { return v.rows * v.cols; }
__host__ __device__ inline int64_t divided_up(int64_t n, int64_t by) { return (n + by - 1) / by; }
inline rw_view flattened(const rw_view& v) { return {v.data, 1, v.rows * v.cols, v.rows * v.cols, v.dtype}; }

// A launch over the elements of rows that lie apart: x over columns, y over rows, about four columns a thread.
struct RowGrid {
  dim3 blocks, threads;
};
inline RowGrid grid_over(int64_t rows, int64_t cols) {
  const int64_t threads = cols >= 256 ? 256 : divided_up(cols, 32) * 32;
  const int64_t x = divided_up(cols, 4 * threads);
  return {dim3(static_cast<unsigned>(x < 1 << 20 ? x : 1 << 20), static_cast<unsigned>(rows < 32768 ? rows : 32768)),
          dim3(static_cast<unsigned>(threads))};
}

// Threads of a block that works on one row.
inline unsigned row_threads(int64_t cols) { return cols >= 1024 ? 256 : cols > 128 ? 128 : cols > 32 ? 64 : 32; }

}  // namespace rankwise::cuda

// Runs the code with `T` naming the element type of a view.
#define RANKWISE_WITH_TYPE(element, T, ...) \
  do {                                      \
    if ((element) == RW_BF16) {             \
      using T = __nv_bfloat16;              \
      __VA_ARGS__;                          \
    } else {                                \
      using T = float;                      \
      __VA_ARGS__;                          \
    }                                       \
  } while (false)
