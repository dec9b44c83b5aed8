#include "cpu/isa/vector_random.h"

#include "cpu/isa/vector_table.h"

namespace rankwise {
namespace RANKWISE_ISA {
namespace {

template <class T>
void fill_uniform(int64_t n, uint64_t first, uint64_t stream_key, uint64_t stream_step, float low, float high, void* x_) {
  T* x = static_cast<T*>(x_);
  uint32_t words[kRandomRun];
  for (int64_t from = 0; from < n; from += kRandomRun) {
    random_words(stream_key, stream_step, (first + static_cast<uint64_t>(from)) / 4, words);
    const int64_t count = least(kRandomRun, n - from);
    for (int64_t i = 0; i < count; ++i) put(x + from + i, low + (high - low) * (static_cast<float>(words[i] >> 8) * 0x1p-24f));
  }
}

}  // namespace

void add_random_kernels(VectorKernels& t) {
  t.fill_uniform[0] = fill_uniform<float>;
  t.fill_uniform[1] = fill_uniform<Bf16>;
}

}  // namespace RANKWISE_ISA
}  // namespace rankwise
