#include <cmath>

#include "bench/library/bench.h"
#include "core/error.h"
#include "cpu/backend.h"
#include "linalg/subspace.h"
#include "model/decoder.h"
#include "storage/weight.h"

namespace rankwise {

using nlohmann::json;

namespace {

// A backend with tensors of random numbers to measure on.
struct Bench {
  Arena arena{Arena::Kind::real, 0};
  CpuBackend ops;
  Context context;
  json rows = json::array();

  Bench(int threads, bool bf16)
      : ops(arena, threads), context{ops, arena, bf16 ? Product::bf16 : Product::f32, bf16 ? DType::bf16 : DType::f32} {}

  Tensor random(DType dtype, int64_t r, int64_t c) {
    Tensor t = context.passing(dtype, r, c, Category::workspace);
    ops.fill_normal(t, 1.0f, {7, static_cast<uint64_t>(r * 1000003 + c), 0});
    return t;
  }
  void add(json row, const Timing& timing, double operations, double bytes) {
    row["seconds"] = timing.median;
    row["leastSeconds"] = timing.least;
    if (operations > 0) row["gigaOperationsPerSecond"] = operations / timing.median * 1e-9;
    if (bytes > 0) row["gigaBytesPerSecond"] = bytes / timing.median * 1e-9;
    rows.push_back(std::move(row));
  }
};

constexpr int kRepeats = 5;

// Y = X·Wᵀ for the layers of the presets, with each storage of W, and LoRA's skinny products.
void products(Bench& b) {
  const int64_t n = 2048;
  const int64_t shapes[][2] = {{128, 128}, {352, 128}, {256, 256}, {688, 256}, {512, 512}, {1376, 512}, {512, 1376}, {16, 512}, {512, 16}, {32000, 512}};
  for (const auto& [out, in] : shapes) {
    const Tensor x = b.random(b.context.activation, n, in), y = b.context.passing(b.context.activation, n, out, Category::workspace);
    const Tensor values = b.random(DType::f32, out, in);
    for (const char* storage : {"dense", "nf4"}) {
      const StorageFormat format{storage == std::string("nf4") ? StorageKind::nf4 : StorageKind::dense, b.context.activation, false};
      Weight w(b.context, format, out, in, Category::weights, Lifetime::passing);
      w.assign(b.context, values);
      const Timing t = time_calls(kRepeats, [&] { b.ops.matmul(Operand(x), w.operand(true), y, b.context.product); });
      b.add({{"tokens", n}, {"out", out}, {"in", in}, {"storage", storage}}, t, 2.0 * static_cast<double>(n * out * in), 0);
    }
  }
}

void attention(Bench& b) {
  for (const int64_t length : {256, 512, 1024, 2048}) {
    const int64_t batch = std::max<int64_t>(1, 2048 / length), heads = 8, d = 64, n = batch * length;
    const AttentionShape shape{batch, length, length, heads, heads, d, 1.0f / std::sqrt(static_cast<float>(d))};
    auto make = [&] { return b.random(b.context.activation, n, heads * d); };
    const Tensor q = make(), k = make(), v = make(), out = make(), dout = make(), dq = make(), dk = make(), dv = make();
    const Tensor starts = b.context.passing(DType::i32, 1, n, Category::workspace);
    b.ops.zero(starts);
    const Tensor lse = b.context.passing(DType::f32, 1, n * heads, Category::workspace);
    const Tensor scratch = b.context.passing(DType::u8, 1, static_cast<int64_t>(b.ops.attention_scratch_bytes(shape)), Category::workspace);
    const double pairs = static_cast<double>(batch * heads) * static_cast<double>(length) * static_cast<double>(length + 1) / 2 * static_cast<double>(d);
    b.add({{"pass", "forward"}, {"batch", batch}, {"length", length}, {"heads", heads}, {"headDim", d}},
          time_calls(kRepeats, [&] { b.ops.attention(shape, q, k, v, starts, out, &lse.view(), scratch); }), 4 * pairs, 0);
    b.add({{"pass", "backward"}, {"batch", batch}, {"length", length}, {"heads", heads}, {"headDim", d}},
          time_calls(kRepeats, [&] { b.ops.attention_backward(shape, dout, q, k, v, out, starts, lse, dq, dk, dv, scratch); }), 10 * pairs, 0);
  }
}

// Final norm, head and cross-entropy with gradients, the head frozen.
void head(Bench& b) {
  for (const int64_t d : {128, 256, 512}) {
    const int64_t n = 2048;
    ModelConfig config;
    config.hidden_size = d;
    config.intermediate_size = d;
    config.head_dim = 64;
    config.heads = config.kv_heads = d / 64;
    ModelLayout layout;
    layout.linear = [&](const std::string&) { return StorageFormat{StorageKind::dense, b.context.activation, false}; };
    layout.embedding = layout.head = b.context.activation;
    layout.positions = 1;
    Model model = allocate_model(b.context, config, layout);
    load_model(b.context, model, *random_source(config, 1));
    const Tensor x = b.random(b.context.activation, n, d), dx = b.random(b.context.activation, n, d);
    const Tensor targets = b.context.passing(DType::i32, 1, n, Category::workspace), losses = b.context.passing(DType::f32, 1, n, Category::workspace);
    for (int64_t i = 0; i < n; ++i) targets.as<int32_t>()[i] = static_cast<int32_t>(i * 7919 % config.vocab_size);
    b.add({{"tokens", n}, {"hidden", d}, {"vocab", config.vocab_size}},
          time_calls(kRepeats, [&] { head_loss(b.context, model, x, targets, losses, 1.0f / static_cast<float>(n), &dx.view()); }),
          4.0 * static_cast<double>(n * d * config.vocab_size), 0);
  }
}

void quantize(Bench& b) {
  for (const int64_t n : {512, 2048}) {
    const Tensor values = b.random(DType::f32, n, 4 * n);
    for (const bool twice : {false, true}) {
      Weight w(b.context, {StorageKind::nf4, DType::f32, twice}, n, 4 * n, Category::weights, Lifetime::passing);
      const double bytes = static_cast<double>(values.view().size()) * 4;
      b.add({{"direction", "quantize"}, {"elements", values.view().size()}, {"doubleQuantize", twice}}, time_calls(kRepeats, [&] { w.assign(b.context, values); }), 0, bytes);
      b.add({{"direction", "dequantize"}, {"elements", values.view().size()}, {"doubleQuantize", twice}}, time_calls(kRepeats, [&] { w.read(b.context, values); }), 0, bytes);
    }
  }
}

void subspace(Bench& b) {
  const int64_t shapes[][3] = {{256, 256, 64}, {512, 512, 128}, {1376, 512, 128}, {1024, 1024, 256}, {2048, 2048, 128}};
  for (const auto& [m, n, r] : shapes) {
    const Tensor g = b.random(DType::f32, m, n), basis = b.context.passing(DType::f32, r, std::min(m, n), Category::events);
    const SubspaceTask task{g, basis, 1};
    b.add({{"out", m}, {"in", n}, {"rank", r}}, time_calls(2, [&] { top_subspaces(b.context, std::span(&task, 1), 1); }), 0, 0);
  }
}

}  // namespace

json bench_parts(const std::string& what, const json& job) {
  const bool bf16 = job.value("precision", std::string("bf16")) == "bf16";
  Bench bench(job.value("threads", 0), bf16);
  if (what == "products") {
    products(bench);
  } else if (what == "attention") {
    attention(bench);
  } else if (what == "head") {
    head(bench);
  } else if (what == "quantize") {
    quantize(bench);
  } else if (what == "subspace") {
    subspace(bench);
  } else {
    fail("E_JOB", "There is no benchmark \"" + what + "\".", "There are step, products, attention, head, quantize and subspace.");
  }
  return {{"what", what}, {"precision", bf16 ? "bf16" : "f32"}, {"isa", name_of(bench.ops.isa())}, {"threads", bench.ops.threads()}, {"rows", bench.rows}};
}

}  // namespace rankwise
