// Random fills: element i of a stream lands in element i of the flat order, whatever the distance between rows.
#include "cuda/kernels/numbers.cuh"
#include "cuda/kernels/random.cuh"
#include "cuda/plugin.h"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

// A thread draws one block of four elements.
template <class T>
__global__ void fill_uniform_blocks(int64_t cols, int64_t size, int64_t ld, uint64_t key, uint64_t step, float low, float span, T* x) {
  for (int64_t block = first_of_grid(); 4 * block < size; block += step_of_grid()) {
    const Words words = philox(key, static_cast<uint64_t>(block), step);
    for (int k = 0; k < 4 && 4 * block + k < size; ++k) {
      const int64_t i = 4 * block + k;
      const float u = static_cast<float>(words.word[k] >> 8) * 0x1p-24f;
      write(x + i / cols * ld + i % cols, low + span * u);
    }
  }
}

// Box–Muller in double, as on the processor, so that both round to the same floats but for rare ties.
template <class T>
__global__ void fill_normal_blocks(int64_t cols, int64_t size, int64_t ld, uint64_t key, uint64_t step, float deviation, T* x) {
  for (int64_t block = first_of_grid(); 4 * block < size; block += step_of_grid()) {
    const Words words = philox(key, static_cast<uint64_t>(block), step);
    float normals[4];
    for (int pair = 0; pair < 2; ++pair) {
      const double radius = sqrt(-2.0 * log((static_cast<double>(words.word[2 * pair]) + 1.0) * 0x1p-32));
      const double angle = 6.283185307179586 * 0x1p-32 * static_cast<double>(words.word[2 * pair + 1]);
      normals[2 * pair] = static_cast<float>(radius * cos(angle));
      normals[2 * pair + 1] = static_cast<float>(radius * sin(angle));
    }
    for (int k = 0; k < 4 && 4 * block + k < size; ++k) {
      const int64_t i = 4 * block + k;
      write(x + i / cols * ld + i % cols, deviation * normals[k]);
    }
  }
}

}  // namespace

int32_t fill_uniform(rw_card* card, const rw_view* x, float low, float high, const rw_stream* stream) {
  if (size_of(*x) == 0) return RW_OK;
  const RowGrid grid = grid_over(1, size_of(*x));
  RANKWISE_WITH_TYPE(x->dtype, T, RANKWISE_LAUNCH(fill_uniform_blocks<T>, grid.blocks, grid.threads, 0, card->stream, x->cols, size_of(*x), x->ld,
                     stream->key, stream->step, low, high - low, static_cast<T*>(x->data)));
  return launched(card, "fill_uniform");
}

int32_t fill_normal(rw_card* card, const rw_view* x, float deviation, const rw_stream* stream) {
  if (size_of(*x) == 0) return RW_OK;
  const RowGrid grid = grid_over(1, size_of(*x));
  RANKWISE_WITH_TYPE(x->dtype, T, RANKWISE_LAUNCH(fill_normal_blocks<T>, grid.blocks, grid.threads, 0, card->stream, x->cols, size_of(*x), x->ld,
                     stream->key, stream->step, deviation, static_cast<T*>(x->data)));
  return launched(card, "fill_normal");
}

}  // namespace rankwise::cuda
