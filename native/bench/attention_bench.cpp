#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <vector>

#include "core/rng.h"
#include "cpu/attention.h"

// GFLOP/s of attention as training calls it, counting what a causal mask leaves: 4 D operations per visible pair of query and key
// forward, 10 D backward (two products against five).
using namespace rankwise;

namespace {

struct Buffer {
  std::vector<uint8_t> bytes;
  View view;
  Buffer(DType dtype, int64_t rows, int64_t cols)
      : bytes(static_cast<size_t>(rows * cols) * bytes_of(dtype) + 64), view(view_of(aligned(), dtype, rows, cols)) {}
  void* aligned() {
    return reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(bytes.data()) + 63) / 64 * 64);
  }
  void fill(uint64_t purpose) {
    for (int64_t i = 0; i < view.size(); ++i) {
      const float x = uniform({1, purpose, 0}, static_cast<uint64_t>(i)) - 0.5f;
      if (view.dtype == DType::f32) {
        view.as<float>()[i] = x;
      } else {
        uint32_t bits;
        std::memcpy(&bits, &x, sizeof bits);
        view.as<uint16_t>()[i] = static_cast<uint16_t>(bits >> 16);
      }
    }
  }
};

// Seconds of a call: the best by the clock on the wall, and the mean of the processor time that a thread had. The second is all that can
// be compared on a machine whose cores others use too.
struct Seconds {
  double wall = 1e9;
  double processor = 0;
};

template <class Call>
Seconds measure(int threads, const Call& call) {
  Seconds best;
  call();
  double total = 0;
  int runs = 0;
  const std::clock_t busy = std::clock();
  for (; runs < 3 || total < 1.0; ++runs) {
    const auto start = std::chrono::steady_clock::now();
    call();
    const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best.wall = std::min(best.wall, wall);
    total += wall;
  }
  best.processor = static_cast<double>(std::clock() - busy) / CLOCKS_PER_SEC / threads / runs;
  return best;
}

void measure_training(ThreadPool& pool, DType dtype, int64_t batch, int64_t length, int64_t heads, int64_t kv_heads, int64_t d) {
  const AttentionShape s{batch, length, length, heads, kv_heads, d, 1.0f / std::sqrt(static_cast<float>(d))};
  const int64_t rows = batch * length, width = (heads + 2 * kv_heads) * d;
  Buffer qkv(dtype, rows, width), gradients(dtype, rows, width), out(dtype, rows, heads * d), dout(dtype, rows, heads * d);
  Buffer lse(DType::f32, 1, rows * heads), starts(DType::i32, 1, rows);
  Buffer scratch(DType::u8, 1, static_cast<int64_t>(cpu_attention_scratch_bytes(s, pool.size())));
  qkv.fill(1);
  dout.fill(2);
  auto q = [&](const Buffer& x) { return x.view.col_range(0, heads * d); };
  auto k = [&](const Buffer& x) { return x.view.col_range(heads * d, kv_heads * d); };
  auto v = [&](const Buffer& x) { return x.view.col_range((heads + kv_heads) * d, kv_heads * d); };
  const Isa isa = detect_isa();
  const Seconds forward = measure(pool.size(), [&] {
    attention_forward(pool, isa, s, q(qkv), k(qkv), v(qkv), starts.view, out.view, &lse.view, scratch.view);
  });
  const Seconds backward = measure(pool.size(), [&] {
    attention_backward(pool, isa, s, dout.view, q(qkv), k(qkv), v(qkv), out.view, starts.view, lse.view, q(gradients), k(gradients),
                       v(gradients), scratch.view);
  });
  const double pairs = static_cast<double>(batch * heads) * static_cast<double>(length) * static_cast<double>(length + 1) / 2;
  const double work = pairs * static_cast<double>(d) * 1e-9;
  std::printf("%-4s B%lld H%lld/%lld T%-5lld D%-3lld forward %7.2f ms, GFLOP/s %5.1f (%5.1f)   both %7.2f ms, GFLOP/s %5.1f (%5.1f)\n",
              name_of(dtype), static_cast<long long>(batch), static_cast<long long>(heads), static_cast<long long>(kv_heads),
              static_cast<long long>(length), static_cast<long long>(d), forward.wall * 1e3, 4 * work / forward.wall,
              4 * work / forward.processor, (forward.wall + backward.wall) * 1e3, 14 * work / (forward.wall + backward.wall),
              14 * work / (forward.processor + backward.processor));
}

void measure_decode(ThreadPool& pool, DType dtype, int64_t keys, int64_t heads, int64_t kv_heads, int64_t d) {
  const AttentionShape s{1, 1, keys, heads, kv_heads, d, 1.0f / std::sqrt(static_cast<float>(d))};
  Buffer q(dtype, 1, heads * d), k(dtype, keys, kv_heads * d), v(dtype, keys, kv_heads * d), out(dtype, 1, heads * d);
  Buffer starts(DType::i32, 1, 1), scratch(DType::u8, 1, static_cast<int64_t>(cpu_attention_scratch_bytes(s, pool.size())));
  q.fill(1);
  k.fill(2);
  v.fill(3);
  const Seconds t = measure(pool.size(), [&] {
    attention_forward(pool, detect_isa(), s, q.view, k.view, v.view, starts.view, out.view, nullptr, scratch.view);
  });
  const double bytes = static_cast<double>(2 * keys * kv_heads * d) * static_cast<double>(bytes_of(dtype));
  std::printf("%-4s one query, %lld keys, H%lld/%lld D%lld %8.3f ms, GB/s of keys and values %5.1f (%5.1f)\n", name_of(dtype),
              static_cast<long long>(keys), static_cast<long long>(heads), static_cast<long long>(kv_heads), static_cast<long long>(d),
              t.wall * 1e3, bytes / t.wall * 1e-9, bytes / t.processor * 1e-9);
}

}  // namespace

int main() {
  ThreadPool pool(2);
  std::printf("%s, %d threads; in brackets: per processor time\n", name_of(detect_isa()), pool.size());
  for (DType dtype : {DType::f32, DType::bf16}) {
    for (int64_t length : {256, 512, 1024}) measure_training(pool, dtype, 8, length, 8, 8, 64);
    measure_training(pool, dtype, 1, 2048, 8, 2, 128);
    measure_training(pool, dtype, 2, 512, 3, 1, 64);
    measure_decode(pool, dtype, 8192, 8, 8, 64);
    measure_decode(pool, dtype, 8192, 32, 8, 128);
  }
}
