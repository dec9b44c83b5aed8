#include "cuda/kernels/row_signs.cuh"

#include "cuda/plugin.h"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

__global__ void fix_signs(int64_t n, float* rows, int64_t ld) {
  RANKWISE_SHARED(float, room, 32);
  RANKWISE_SHARED(int64_t, places, 32);
  fix_row_sign(n, rows + blockIdx.x * ld, room, places);
}

}  // namespace

int32_t fix_row_signs(rw_card* card, const rw_view* a) {
  if (size_of(*a) == 0) return RW_OK;
  RANKWISE_LAUNCH(fix_signs, dim3(static_cast<unsigned>(a->rows)), dim3(row_threads(a->cols)), 0, card->stream, a->cols, static_cast<float*>(a->data),
                  a->ld);
  return launched(card, "fix_row_signs");
}

}  // namespace rankwise::cuda
