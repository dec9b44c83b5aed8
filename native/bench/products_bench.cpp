// Products at the shapes of training, ours and oneDNN's by turns in one run. One JSON line per shape: best and median GFLOP/s of both
// sides, and the ratio of the bests (noise only ever takes away).
//   products_bench [seconds per shape and side = 0.2] [threads = 2] [only shapes whose name contains this]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "cpu/gemm.h"

#ifdef RANKWISE_HAVE_ONEDNN
#include <dlfcn.h>

#include <oneapi/dnnl/dnnl.hpp>
#endif

using namespace rankwise;

namespace {

constexpr int kRounds = 12;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

struct Shape {
  std::string name;
  int64_t m, n, k;
  bool ta, tb;
  DType in, out;
  Product product() const { return in == DType::bf16 ? Product::bf16 : Product::f32; }
};

struct Free {
  void operator()(void* p) const { std::free(p); }
};
using Memory = std::unique_ptr<void, Free>;

Memory memory(int64_t bytes) {
  Memory p(std::aligned_alloc(4096, static_cast<size_t>((bytes + 4095) / 4096 * 4096)));
  return p;
}

Memory numbers(int64_t count, DType type) {
  Memory p = memory(count * static_cast<int64_t>(bytes_of(type)));
  uint32_t state = 1;
  for (int64_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    const float x = static_cast<float>(state >> 8) * 0x1p-23f - 1.0f;
    if (type == DType::f32) {
      static_cast<float*>(p.get())[i] = x;
    } else {
      uint32_t bits;
      std::memcpy(&bits, &x, 4);
      static_cast<uint16_t*>(p.get())[i] = static_cast<uint16_t>(bits >> 16);
    }
  }
  return p;
}

// Times of single calls; the first milliseconds of a turn do not count (the other side's threads may still be spinning).
void turn(const std::function<void()>& call, double seconds, std::vector<double>& times) {
  const double start = now();
  while (now() - start < 0.004) call();
  for (const double until = now() + seconds; now() < until;) {
    const double from = now();
    call();
    times.push_back(now() - from);
  }
}

double best(const std::vector<double>& t) { return *std::min_element(t.begin(), t.end()); }
double median(std::vector<double> t) {
  std::nth_element(t.begin(), t.begin() + static_cast<int64_t>(t.size() / 2), t.end());
  return t[t.size() / 2];
}

#ifdef RANKWISE_HAVE_ONEDNN
class Yardstick {
 public:
  Yardstick(const Shape& s, void* a, void* b, void* c) {
    const auto in = s.in == DType::bf16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
    const auto out = s.out == DType::bf16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
    const auto plain = dnnl::memory::format_tag::ab, turned = dnnl::memory::format_tag::ba;
    const dnnl::memory::desc da({s.m, s.k}, in, s.ta ? turned : plain);
    const dnnl::memory::desc db({s.k, s.n}, in, s.tb ? turned : plain), dc({s.m, s.n}, out, plain);
    product_ = dnnl::matmul({dnnl::matmul::desc(da, db, dc), engine_});
    arguments_ = {{DNNL_ARG_SRC, dnnl::memory(da, engine_, a)},
                  {DNNL_ARG_WEIGHTS, dnnl::memory(db, engine_, b)},
                  {DNNL_ARG_DST, dnnl::memory(dc, engine_, c)}};
  }
  void operator()() {
    product_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::matmul product_;
  std::unordered_map<int, dnnl::memory> arguments_;
};
#endif

struct Ours {
  ThreadPool pool;
  Memory shared = memory(kGemmSharedBytes), own;
  explicit Ours(int threads) : pool(threads), own(memory(pool.size() * static_cast<int64_t>(kGemmThreadBytes))) {}
};

void measure(Ours& ours, const Shape& s, double seconds) {
  const Memory a = numbers(s.m * s.k, s.in), b = numbers(s.k * s.n, s.in), c = numbers(s.m * s.n, s.out);
  const View va = s.ta ? view_of(a.get(), s.in, s.k, s.m) : view_of(a.get(), s.in, s.m, s.k);
  const View vb = s.tb ? view_of(b.get(), s.in, s.n, s.k) : view_of(b.get(), s.in, s.k, s.n);
  const View vc = view_of(c.get(), s.out, s.m, s.n);
  const Term term{Operand(va, s.ta), Operand(vb, s.tb)};
  const auto our_call = [&] {
    gemm(ours.pool, detect_isa(), GemmWorkspace{ours.shared.get(), ours.own.get()}, std::span<const Term>(&term, 1), vc, s.product(), {});
  };
  std::vector<double> our_times;
  const double work = 2e-9 * static_cast<double>(s.m) * static_cast<double>(s.n) * static_cast<double>(s.k);
#ifdef RANKWISE_HAVE_ONEDNN
  Yardstick yardstick(s, a.get(), b.get(), c.get());
  std::vector<double> their_times;
  for (int round = 0; round < kRounds; ++round) {
    turn(our_call, seconds / kRounds, our_times);
    turn([&] { yardstick(); }, seconds / kRounds, their_times);
  }
#else
  for (int round = 0; round < kRounds; ++round) turn(our_call, seconds / kRounds, our_times);
#endif
  std::printf("{\"shape\":\"%s\",\"m\":%lld,\"n\":%lld,\"k\":%lld,\"in\":\"%s\",\"out\":\"%s\",\"best\":%.1f,\"median\":%.1f",
              s.name.c_str(),
              static_cast<long long>(s.m), static_cast<long long>(s.n), static_cast<long long>(s.k), name_of(s.in), name_of(s.out),
              work / best(our_times), work / median(our_times));
#ifdef RANKWISE_HAVE_ONEDNN
  std::printf(",\"onednn_best\":%.1f,\"onednn_median\":%.1f,\"ratio\":%.3f", work / best(their_times), work / median(their_times),
              best(their_times) / best(our_times));
#endif
  std::printf("}\n");
  std::fflush(stdout);
}

// Forward products, gradients of inputs and of weights for a micro-batch of 2048 tokens; logits in chunks of 512.
std::vector<Shape> shapes() {
  struct Model {
    const char* name;
    int64_t d, ffn;
  };
  constexpr int64_t kTokens = 2048, kChunk = 512, kVocabulary = 32000, kRank = 16;
  std::vector<Shape> all;
  for (const DType type : {DType::f32, DType::bf16}) {
    const std::string suffix = std::string(" ") + name_of(type);
    for (const Model& model : {Model{"9m", 128, 352}, Model{"20m", 256, 688}, Model{"60m", 512, 1376}}) {
      const std::string prefix = std::string(model.name) + " ";
      const auto add = [&](const char* name, int64_t m, int64_t n, int64_t k, bool ta, bool tb, DType out) {
        all.push_back({prefix + name + suffix, m, n, k, ta, tb, type, out});
      };
      const int64_t d = model.d, f = model.ffn;
      add("proj", kTokens, d, d, false, true, type);
      add("qkv", kTokens, 3 * d, d, false, true, type);
      add("up", kTokens, f, d, false, true, type);
      add("down", kTokens, d, f, false, true, type);
      add("proj dx", kTokens, d, d, false, false, type);
      add("up dx", kTokens, d, f, false, false, type);
      add("down dx", kTokens, f, d, false, false, type);
      add("proj dw", d, d, kTokens, true, false, DType::f32);
      add("up dw", f, d, kTokens, true, false, DType::f32);
      add("down dw", d, f, kTokens, true, false, DType::f32);
      add("logits", kChunk, kVocabulary, d, false, true, type);
      add("logits dx", kChunk, d, kVocabulary, false, false, type);
      add("logits dw", kVocabulary, d, kChunk, true, false, DType::f32);
      add("skinny xA", kTokens, kRank, d, false, true, type);
      add("skinny uB", kTokens, d, kRank, false, true, type);
      add("skinny du", kTokens, kRank, d, false, false, type);
      add("skinny dx", kTokens, d, kRank, false, false, type);
      add("skinny dA", kRank, d, kTokens, true, false, DType::f32);
      add("skinny dB", d, kRank, kTokens, true, false, DType::f32);
      for (const int64_t m : {1, 4}) add(m == 1 ? "vector 1" : "vector 4", m, 4 * f, 4 * d, false, true, type);
    }
  }
  return all;
}

}  // namespace

int main(int count, char** arguments) {
  const double seconds = count > 1 ? std::atof(arguments[1]) : 0.2;
  const int threads = count > 2 ? std::atoi(arguments[2]) : 2;
  const std::string only = count > 3 ? arguments[3] : "";
#ifdef RANKWISE_HAVE_ONEDNN
  // oneDNN's threads are OpenMP's; its library is there because oneDNN links to it.
  if (void* set = dlsym(RTLD_DEFAULT, "omp_set_num_threads")) reinterpret_cast<void (*)(int)>(set)(threads);
#endif
  Ours ours(threads);
  for (const Shape& s : shapes()) {
    if (s.name.find(only) != std::string::npos) measure(ours, s, seconds);
  }
  return 0;
}
