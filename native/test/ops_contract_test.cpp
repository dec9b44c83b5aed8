// What ops.h promises beside the numbers: the same bits on any number of threads and on every call, results that may replace inputs,
// refusals in words, and a meta backend that refuses the same calls and takes the same memory.
#include <cmath>
#include <cstring>
#include <vector>

#include "cpu/backend.h"
#include "meta/backend.h"
#include "test/check.h"

using namespace rankwise;
using rankwise::test::check;
using rankwise::test::check_refused;

namespace {

struct Buffers {
  std::vector<float> a, b, c, d, rows, cols, scratch;
  std::vector<uint16_t> half;
  std::vector<int32_t> ids;
  std::vector<uint8_t> codes, more_codes;
  static constexpr int64_t kRows = 150, kCols = 333;

  Buffers()
      : a(kRows * kCols), b(a.size()), c(a.size(), 0.5f), d(a.size(), 0.25f), rows(kRows), cols(kCols), scratch(8 * kCols),
        half(a.size(), 0x3f80), codes(a.size()), more_codes(a.size()) {
    for (size_t i = 0; i < a.size(); ++i) {
      a[i] = normal({1, 1, 1}, i);
      b[i] = normal({1, 2, 1}, i);
    }
    for (int64_t i = 0; i < kRows; ++i) ids.push_back(static_cast<int32_t>(i % 50));
  }
  View room() { return view_of(scratch.data(), DType::f32, 8, kCols); }
  View tokens() { return view_of(ids.data(), DType::i32, 1, kRows); }

  // FNV-1a over everything: one number for all bits.
  uint64_t fingerprint() const {
    uint64_t h = 0xcbf29ce484222325ull;
    const auto add = [&](const void* data, size_t bytes) {
      for (size_t i = 0; i < bytes; ++i) h = (h ^ static_cast<const uint8_t*>(data)[i]) * 0x100000001b3ull;
    };
    for (const auto* v : {&a, &b, &c, &d, &rows, &cols}) add(v->data(), v->size() * sizeof(float));
    add(half.data(), half.size() * 2);
    add(codes.data(), codes.size());
    add(more_codes.data(), more_codes.size());
    return h;
  }
};

View matrix(std::vector<float>& v) { return view_of(v.data(), DType::f32, Buffers::kRows, Buffers::kCols); }
View list(std::vector<float>& v) { return view_of(v.data(), DType::f32, 1, static_cast<int64_t>(v.size())); }

// A chain of every operation whose result must not depend on the threads.
uint64_t everything(Backend& ops) {
  Buffers x;
  const View gradient = list(x.cols);
  ops.rmsnorm(matrix(x.a), list(x.cols), 1e-5f, matrix(x.c), list(x.rows));
  ops.rmsnorm_backward(matrix(x.b), matrix(x.a), list(x.cols), list(x.rows), nullptr, matrix(x.c), &gradient,
                       x.room());
  ops.swiglu(matrix(x.a), matrix(x.b), matrix(x.d));
  ops.column_sum(matrix(x.d), list(x.cols), x.room());
  ops.embedding_backward(x.tokens(), matrix(x.b), matrix(x.d));
  ops.cross_entropy(matrix(x.b), x.tokens(), list(x.rows), true, 0.1f);
  const double sums[] = {ops.sum(matrix(x.d)), ops.sum_squares(matrix(x.d)), ops.squared_distance(matrix(x.a), matrix(x.d))};
  for (size_t i = 0; i < 3; ++i) std::memcpy(&x.rows[2 * i], &sums[i], sizeof(double));
  const RandomStream stream{7, 8, 9};
  AdamStep step;
  step.learning_rate = 0.01f;
  step.rounding = &stream;
  const View half = view_of(x.half.data(), DType::bf16, Buffers::kRows, Buffers::kCols);
  ops.fill_normal(matrix(x.c), 0.1f, stream);
  ops.fill_uniform(matrix(x.d), 0.0f, 0.1f, stream);
  ops.adamw(half, matrix(x.a), matrix(x.c), matrix(x.d), step);
  std::vector<float> m(Buffers::kRows * 2), v(m.size());
  ops.adamw8(half, matrix(x.a), {x.codes.data(), x.more_codes.data(), m.data(), v.data()}, step);
  ops.orthonormalize_rows(matrix(x.a), matrix(x.b));
  return x.fingerprint();
}

void same_bits(Isa isa) {
  Arena arena(Arena::Kind::real, 0);
  CpuBackend one(arena, 1, isa), two(arena, 2, isa);
  const uint64_t expected = everything(one);
  check(everything(one) == expected, std::string(name_of(isa)) + ": a repetition gives other bits");
  for (int i = 0; i < 3; ++i) check(everything(two) == expected, std::string(name_of(isa)) + ": two threads give other bits than one");
}

// Half of the values between two neighbours of bf16 go up, on average as many as their distance says.
void stochastic_rounding(Isa isa) {
  Arena arena(Arena::Kind::real, 0);
  CpuBackend ops(arena, 1, isa);
  constexpr int64_t kCount = 100003;
  std::vector<uint16_t> p(kCount, 0x3f80);  // 1
  std::vector<float> g(kCount, -1.0f), m(kCount), v(kCount);
  const RandomStream stream{3, 4, 5};
  AdamStep step;
  step.learning_rate = 0x1p-9f;  // a quarter of the step between 1 and its neighbour above
  step.rounding = &stream;
  ops.adamw(view_of(p.data(), DType::bf16, 1, kCount), list(g), list(m), list(v), step);
  int64_t up = 0, other = 0;
  bool as_drawn = true;
  for (int64_t i = 0; i < kCount; ++i) {
    up += p[static_cast<size_t>(i)] == 0x3f81;
    other += p[static_cast<size_t>(i)] != 0x3f81 && p[static_cast<size_t>(i)] != 0x3f80;
    const double u = static_cast<double>(uniform(stream, static_cast<uint64_t>(i)));
    if (std::abs(u - 0.75) > 1e-3) as_drawn = as_drawn && (p[static_cast<size_t>(i)] == 0x3f81) == (u > 0.75);
  }
  check(other == 0 && std::abs(static_cast<double>(up) / kCount - 0.25) < 0.007, "stochastic rounding keeps the mean");
  check(as_drawn, "element i is rounded by element i of the stream");
}

void aliases(Isa isa) {
  Arena arena(Arena::Kind::real, 0);
  CpuBackend ops(arena, 2, isa);
  const auto bits = [](const std::vector<float>& x, const std::vector<float>& y) {
    return std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
  };
  Buffers x;
  std::vector<float> apart(x.a.size()), other(x.a.size()), dgamma(Buffers::kCols);
  ops.rmsnorm(matrix(x.a), list(x.cols), 1e-5f, matrix(apart), list(x.rows));
  const View add = matrix(x.c), gradient = list(dgamma);
  for (const bool over_dy : {true, false}) {
    Buffers y;
    y.rows = x.rows;
    const View add_y = matrix(y.c);
    ops.rmsnorm_backward(matrix(x.b), matrix(x.a), list(x.cols), list(x.rows), &add, matrix(apart), &gradient,
                         x.room());
    ops.rmsnorm_backward(matrix(y.b), matrix(y.a), list(y.cols), list(y.rows), &add_y,
                         matrix(over_dy ? y.b : y.c), &gradient, y.room());
    check(bits(apart, over_dy ? y.b : y.c), "rmsnorm_backward: dx in the place of dy or add");
  }
  for (const bool over_inputs : {true, false}) {
    Buffers y;
    ops.swiglu_backward(matrix(x.c), matrix(x.a), matrix(x.b), matrix(apart), matrix(other), nullptr);
    ops.swiglu_backward(matrix(y.c), matrix(y.a), matrix(y.b), matrix(over_inputs ? y.a : y.c), matrix(y.b), nullptr);
    check(bits(apart, over_inputs ? y.a : y.c) && bits(other, y.b), "swiglu_backward: gradients in the place of gate, up or dout");
  }
  Buffers y;
  ops.swiglu_backward(matrix(y.c), matrix(y.a), matrix(y.b), matrix(y.a), matrix(y.c), nullptr);
  check(bits(apart, y.a) && bits(other, y.c), "swiglu_backward: dup in the place of dout");
}

void refusals(Backend& ops, bool has_data) {
  Buffers x;
  const View grid = matrix(x.a), row = list(x.cols), rows = list(x.rows);
  const View half = view_of(x.half.data(), DType::bf16, Buffers::kRows, Buffers::kCols);
  const View narrow = grid.col_range(0, 10);
  check_refused("E_SHAPE", "gamma of another width", [&] { ops.rmsnorm(grid, rows, 1e-5f, grid, rows); });
  check_refused("E_DTYPE", "activations of two types", [&] { ops.rmsnorm(grid, row, 1e-5f, half, rows); });
  check_refused("E_SHAPE", "inner sizes that differ", [&] { ops.matmul(grid, grid, grid, Product::f32); });
  check_refused("E_SHAPE", "an odd head", [&] { ops.rope(grid, 111, x.tokens(), grid, grid, false); });
  check_refused("E_DTYPE", "float ids", [&] { ops.embedding(rows, grid, grid); });
  check_refused("E_SHAPE", "a copy to another shape", [&] { ops.copy(grid, narrow); });
  check_refused("E_SHAPE", "moments that are not contiguous", [&] { ops.adamw(narrow, narrow, narrow, narrow, {}); });
  check_refused("E_SHAPE", "scratch that is too small",
                [&] { ops.column_sum(grid, row, view_of(x.scratch.data(), DType::f32, 1, Buffers::kCols - 1)); });
  check_refused("E_SHAPE", "more rows than columns", [&] { ops.orthonormalize_rows(view_of(x.a.data(), DType::f32, 333, 150), grid); });
  if (!has_data) return;
  x.ids[7] = 150;
  check_refused("E_INDEX", "a token beyond the table", [&] { ops.embedding(x.tokens(), grid, grid); });
  x.ids[7] = -1;
  check_refused("E_INDEX", "a negative token", [&] { ops.embedding(x.tokens(), grid, grid); });
  check_refused("E_INDEX", "a negative target", [&] { ops.cross_entropy(grid, x.tokens(), rows, false, 1.0f); });
  x.a[5] = NAN;
  std::vector<float> gram(9, NAN), vectors(9), lambdas(3);
  const Backend::EighTask task{view_of(gram.data(), DType::f32, 3, 3), view_of(vectors.data(), DType::f32, 3, 3), list(lambdas)};
  check_refused("E_EIGEN", "a Gram matrix that is not finite", [&] { ops.eigh_top(std::span(&task, 1)); });
}

void meta() {
  Arena real(Arena::Kind::real, 0), sizes(Arena::Kind::sizes_only, 0);
  CpuBackend cpu(real, 2);
  MetaBackend meta(sizes, 2);
  check(real.usage().live_bytes == sizes.usage().live_bytes, "the meta backend takes the workspace of the processor's");
  check(cpu.threads() == meta.threads(), "and runs on as many threads");
  refusals(cpu, true);
  refusals(meta, false);
  const View a = view_of(nullptr, DType::f32, 6, 5), b = view_of(nullptr, DType::bf16, 5, 7), out = view_of(nullptr, DType::f32, 6, 7);
  const double before = meta.operations();
  meta.matmul(a, b, out, Product::f32);
  check(meta.operations() - before == 2.0 * 6 * 5 * 7, "2·M·N·K operations");
}

}  // namespace

int main() {
  for (const Isa isa : {Isa::avx2, Isa::avx512, Isa::avx512bf16}) {
    if (isa > processor_isa()) continue;
    same_bits(isa);
    stochastic_rounding(isa);
    aliases(isa);
  }
  Arena arena(Arena::Kind::real, 0);
  check_refused("E_CPU", "a processor without AVX2", [&] { CpuBackend ops(arena, 1, Isa::none); });
  meta();
  return test::finish();
}
