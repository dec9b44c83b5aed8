// NF4 (QLoRA, 2023): quantization of blocks of 64, double quantization of their scales, and back.
#include "cuda/kernels/codes.cuh"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

constexpr int kWarps = 4;

__device__ inline int level_code(const float* midpoints, float x) {
  int code = 0;
  for (int k = 0; k < 15; ++k) code += x > midpoints[k];
  return code;
}

// A warp per block of 64: a lane holds two neighbours, which share a byte.
template <class T>
__global__ void quantize_blocks(int64_t n, const T* from, const CodeBooks* books, uint8_t* codes, float* absmax) {
  const int lane = threadIdx.x & 31;
  const int64_t block = static_cast<int64_t>(blockIdx.x) * kWarps + (threadIdx.x >> 5), i = block * kNf4Block + 2 * lane;
  if (block * kNf4Block >= n) return;
  const float first = i < n ? read(from + i) : 0.0f, second = i + 1 < n ? read(from + i + 1) : 0.0f;
  const float most = warp_largest(fmaxf(fabsf(first), fabsf(second)));
  // The product with the reciprocal, and not a quotient, is what the reference codes come from. A block of zeros has code 7, the 0.
  const float inverse = most > 0.0f ? 1.0f / most : 0.0f;
  if (lane == 0) absmax[block] = most;
  if (i >= n) return;
  const int low = i + 1 < n ? level_code(books->nf4_midpoints, second * inverse) : 0;
  codes[i / 2] = static_cast<uint8_t>(level_code(books->nf4_midpoints, first * inverse) << 4 | low);
}

__global__ void set_offset(int64_t blocks, const double* total, float* offset) { *offset = static_cast<float>(*total / static_cast<double>(blocks)); }

// One block of threads per 256 scales.
__global__ void quantize_scales(int64_t blocks, const float* absmax, const float* offset, const CodeBooks* books, uint8_t* codes, float* scale) {
  RANKWISE_SHARED(float, room, 32);
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kScaleBlock + threadIdx.x;
  const float rest = i < blocks ? absmax[i] - *offset : 0.0f;
  const float most = block_largest(fabsf(rest), room), inverse = most > 0.0f ? 1.0f / most : 0.0f;
  if (threadIdx.x == 0) scale[blockIdx.x] = most;
  if (i < blocks) codes[i] = static_cast<uint8_t>(nearest_code(books->signed_midpoints, rest * inverse));
}

template <class T>
__global__ void dequantize_elements(int64_t n, rw_nf4 from, const CodeBooks* books, T* to) {
  for (int64_t pair = first_of_grid(); 2 * pair < n; pair += step_of_grid()) {
    const int byte = from.codes[pair];
    const float scale = nf4_scale(from, 2 * pair / kNf4Block, books);
    write(to + 2 * pair, books->nf4_levels[byte >> 4] * scale);
    if (2 * pair + 1 < n) write(to + 2 * pair + 1, books->nf4_levels[byte & 15] * scale);
  }
}

}  // namespace

int32_t quantize_nf4(rw_card* card, const rw_view* from, const rw_nf4* to, float* scratch) {
  const int64_t n = size_of(*from), blocks = divided_up(n, kNf4Block);
  if (n == 0) return RW_OK;
  float* absmax = to->double_quantized ? scratch : to->absmax;
  RANKWISE_WITH_TYPE(from->dtype, T, RANKWISE_LAUNCH(quantize_blocks<T>, dim3(static_cast<unsigned>(divided_up(blocks, kWarps))), dim3(32 * kWarps), 0,
                     card->stream, n, static_cast<const T*>(from->data), &card->small->books, to->codes, absmax));
  if (to->double_quantized) {
    const rw_view scales = {absmax, 1, blocks, blocks, RW_F32};
    const int32_t status = queue_sum(card, scales);
    if (status != RW_OK) return status;
    RANKWISE_LAUNCH(set_offset, dim3(1), dim3(1), 0, card->stream, blocks, &card->small->answers.total, to->absmax_offset);
    RANKWISE_LAUNCH(quantize_scales, dim3(static_cast<unsigned>(divided_up(blocks, kScaleBlock))), dim3(kScaleBlock), 0, card->stream, blocks, absmax,
                    to->absmax_offset, &card->small->books, to->absmax_codes, to->absmax_scale);
  }
  return launched(card, "quantize_nf4");
}

int32_t dequantize_nf4(rw_card* card, const rw_nf4* from, const rw_view* to) {
  const int64_t n = size_of(*to);
  if (n == 0) return RW_OK;
  const RowGrid grid = grid_over(1, divided_up(n, 2));
  RANKWISE_WITH_TYPE(to->dtype, T, RANKWISE_LAUNCH(dequantize_elements<T>, grid.blocks, grid.threads, 0, card->stream, n, *from, &card->small->books,
                     static_cast<T*>(to->data)));
  return launched(card, "dequantize_nf4");
}

}  // namespace rankwise::cuda
