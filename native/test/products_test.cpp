// Products against sums in double precision: shapes × storage × orientation × epilogue, on every instruction set that the processor
// has, with one thread and two.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/thread_pool.h"
#include "cpu/gemm.h"
#include "quant/maps.h"
#include "test/check.h"

using namespace rankwise;
using rankwise::test::check;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr int kCasesPerShape = 1;
constexpr bool kLarge = false;
#else
constexpr int kCasesPerShape = 3;
constexpr bool kLarge = true;
#endif

float from_bf16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
uint16_t to_bf16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  return static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

// Numbers in [−1, 1) for the tests: every place of every tensor has its own.
struct Source {
  uint64_t state;
  uint32_t word() {
    state += 0x9e3779b97f4a7c15u;
    uint64_t x = state;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return static_cast<uint32_t>((x ^ x >> 31) >> 32);
  }
  float number() { return static_cast<float>(word() >> 8) * 0x1p-23f - 1.0f; }
};

enum class Kind { f32, bf16, nf4, nf4_double };
const char* const kKindNames[] = {"f32", "bf16", "nf4", "nf4 double"};

// A stored matrix together with what it means in f32.
struct Matrix {
  Kind kind = Kind::f32;
  int64_t rows = 0, cols = 0, ld = 0;
  std::vector<float> values, wide;  // [rows × cols]; [rows × ld]
  std::vector<uint16_t> half;
  std::vector<uint8_t> codes, scale_codes;
  std::vector<float> scales, scale_of_scales;
  float offset = 0;

  Matrix(Kind k, int64_t r, int64_t c, Source& source) : kind(k), rows(r), cols(c), ld(c + 3) {
    values.resize(static_cast<size_t>(r * c));
    if (k == Kind::f32 || k == Kind::bf16) {
      wide.assign(static_cast<size_t>(r * ld), NAN);
      half.assign(wide.size(), 0x7fc0);
      for (int64_t i = 0; i < r; ++i) {
        for (int64_t j = 0; j < c; ++j) {
          const float x = source.number();
          const size_t at = static_cast<size_t>(i * ld + j);
          wide[at] = x;
          half[at] = to_bf16(x);
          values[static_cast<size_t>(i * c + j)] = k == Kind::f32 ? x : from_bf16(half[at]);
        }
      }
      return;
    }
    const size_t blocks = (values.size() + 63) / 64;
    codes.resize((values.size() + 1) / 2);
    for (uint8_t& code : codes) code = static_cast<uint8_t>(source.word());
    scales.resize(blocks);
    scale_codes.resize(blocks);
    scale_of_scales.resize((blocks + 255) / 256);
    offset = 0.75f;
    for (float& s : scale_of_scales) s = 0.5f * source.number();
    for (size_t b = 0; b < blocks; ++b) {
      scale_codes[b] = static_cast<uint8_t>(source.word());
      scales[b] = k == Kind::nf4 ? 0.5f + 0.5f * source.number() : signed_dynamic_map()[scale_codes[b]] * scale_of_scales[b / 256] + offset;
    }
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = nf4_levels()[i % 2 == 0 ? codes[i / 2] >> 4 : codes[i / 2] & 15] * scales[i / 64];
    }
  }

  Operand operand(bool transposed) {
    if (kind == Kind::f32) return Operand(View{wide.data(), DType::f32, rows, cols, ld}, transposed);
    if (kind == Kind::bf16) return Operand(View{half.data(), DType::bf16, rows, cols, ld}, transposed);
    Nf4View v;
    v.codes = codes.data();
    v.rows = rows;
    v.cols = cols;
    v.double_quantized = kind == Kind::nf4_double;
    if (v.double_quantized) {
      v.absmax_codes = scale_codes.data();
      v.absmax_scale = scale_of_scales.data();
      v.absmax_offset = &offset;
    } else {
      v.absmax = scales.data();
    }
    return Operand(v, transposed);
  }

  // Logical element (i, j) as the product multiplies it.
  double element(int64_t i, int64_t j, bool transposed, Product product) const {
    const float x = values[static_cast<size_t>(transposed ? j * cols + i : i * cols + j)];
    return product == Product::bf16 ? from_bf16(to_bf16(x)) : x;
  }
};

enum class Add { none, f32, bf16, in_place };

struct Case {
  int64_t m, n;
  std::array<int64_t, 2> k;  // of the two terms; −1: no such term
  Kind a, b;
  bool ta, tb;
  Product product;
  DType out;
  Add add;
  int bias;  // 0 none, 1 f32, 2 bf16
  float alpha;

  std::string name() const {
    return std::to_string(m) + "x" + std::to_string(k[0]) + "+" + std::to_string(k[1]) + "x" + std::to_string(n) + " " +
           kKindNames[static_cast<int>(a)] + (ta ? "^T" : "") + " * " + kKindNames[static_cast<int>(b)] + (tb ? "^T" : "") +
           (product == Product::bf16 ? ", bf16" : ", f32") + " to " + name_of(out) + ", add " + std::to_string(static_cast<int>(add)) +
           ", bias " + std::to_string(bias);
  }
};

struct Machine {
  ThreadPool one{1}, two{2};
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<void, Free> shared{std::aligned_alloc(64, kGemmSharedBytes)};
  std::unique_ptr<void, Free> own{std::aligned_alloc(64, 2 * kGemmThreadBytes)};
  std::vector<Isa> isas;
  Machine() {
    for (const Isa isa : {Isa::avx2, Isa::avx512, Isa::avx512bf16}) {
      if (isa <= detect_isa()) isas.push_back(isa);
    }
  }
};

class Trial {
 public:
  Trial(const Case& c, uint64_t seed) : c_(c), source_{seed} {
    for (const int64_t k : c.k) {
      if (k < 0) continue;
      a_.emplace_back(c.a, c.ta ? k : c.m, c.ta ? c.m : k, source_);
      b_.emplace_back(c.b, c.tb ? c.n : k, c.tb ? k : c.n, source_);
    }
    for (size_t t = 0; t < a_.size(); ++t) terms_.push_back(Term{a_[t].operand(c.ta), b_[t].operand(c.tb)});
    bias_ = std::make_unique<Matrix>(c.bias == 2 ? Kind::bf16 : Kind::f32, 1, c.n, source_);
    const bool bf16 = c.add == Add::bf16 || (c.add == Add::in_place && c.out == DType::bf16);
    add_ = std::make_unique<Matrix>(bf16 ? Kind::bf16 : Kind::f32, c.m, c.n, source_);
    ld_ = c.n + 5;
  }

  // The result with a border of canaries, as stored.
  std::vector<uint32_t> run(Machine& machine, Isa isa, ThreadPool& pool) {
    std::vector<uint32_t> memory(static_cast<size_t>(c_.m * ld_), kCanary);
    View out{memory.data(), c_.out, c_.m, c_.n, c_.out == DType::bf16 ? 2 * ld_ : ld_};
    if (c_.add == Add::in_place) {
      for (int64_t i = 0; i < c_.m; ++i) {
        for (int64_t j = 0; j < c_.n; ++j) {
          const float x = add_->values[static_cast<size_t>(i * c_.n + j)];
          if (c_.out == DType::bf16) {
            out.as<uint16_t>()[i * out.ld + j] = to_bf16(x);
          } else {
            out.as<float>()[i * out.ld + j] = x;
          }
        }
      }
    }
    const View bias = bias_->operand(false).dense, add = add_->operand(false).dense;
    Epilogue epilogue;
    epilogue.alpha = c_.alpha;
    if (c_.bias != 0) epilogue.bias = &bias;
    if (c_.add != Add::none) epilogue.add = c_.add == Add::in_place ? &out : &add;
    gemm(pool, isa, GemmWorkspace{machine.shared.get(), machine.own.get()}, terms_, out, c_.product, epilogue);
    return memory;
  }

  // Largest error over its bound. A sum of K products in f32, in any order, is within K·2⁻²⁴·Σ|a·b| of the exact one (Higham, §3.1; pairs
  // of bfloat16 are summed with up to two roundings each); the epilogue adds a few roundings of what it adds, and a bf16 result half a
  // unit of its last place.
  double worst(const std::vector<uint32_t>& memory, int64_t step) const {
    double worst = 0;
    for (int64_t e = 0; e < c_.m * c_.n; e += step) {
      const int64_t i = e / c_.n, j = e % c_.n;
      double sum = 0, size = 0, depth = 0;
      for (size_t t = 0; t < a_.size(); ++t) {
        const int64_t k = terms_[t].a.cols();
        depth += static_cast<double>(k);
        for (int64_t x = 0; x < k; ++x) {
          const double p = a_[t].element(i, x, c_.ta, c_.product) * b_[t].element(x, j, c_.tb, c_.product);
          sum += p;
          size += std::abs(p);
        }
      }
      const double bias = c_.bias ? bias_->values[static_cast<size_t>(j)] : 0.0;
      const double add = c_.add == Add::none ? 0.0 : add_->values[static_cast<size_t>(e)];
      const double exact = c_.alpha * sum + bias + add;
      const double scale = std::abs(c_.alpha) * size + std::abs(bias) + std::abs(add);
      double bound = (depth + 8) * 0x1p-24 * scale;
      double got;
      if (c_.out == DType::bf16) {
        got = from_bf16(reinterpret_cast<const uint16_t*>(memory.data())[i * 2 * ld_ + j]);
        bound += 0x1p-8 * (std::abs(exact) + bound);  // eight bits of significand
      } else {
        got = reinterpret_cast<const float*>(memory.data())[i * ld_ + j];
      }
      const double error = std::abs(got - exact);
      if (!(error <= bound)) worst = std::max(worst, std::isfinite(error) ? error / bound : 1e30);
    }
    return worst;
  }

  bool border_intact(const std::vector<uint32_t>& memory) const {
    const int64_t used = c_.n * static_cast<int64_t>(bytes_of(c_.out));
    const char* canary = reinterpret_cast<const char*>(&kCanary);
    for (int64_t i = 0; i < c_.m; ++i) {
      const char* row = reinterpret_cast<const char*>(memory.data() + i * ld_);
      for (int64_t byte = used; byte < 4 * ld_; ++byte) {
        if (row[byte] != canary[byte % 4]) return false;
      }
    }
    return true;
  }

 private:
  static constexpr uint32_t kCanary = 0xdeadbeef;
  Case c_;
  Source source_;
  std::vector<Matrix> a_, b_;
  std::vector<Term> terms_;
  std::unique_ptr<Matrix> bias_, add_;
  int64_t ld_;
};

void examine(Machine& machine, const Case& c, uint64_t seed, int64_t step) {
  Trial trial(c, seed);
  for (const Isa isa : machine.isas) {
    const std::string name = std::string(name_of(isa)) + " " + c.name();
    const std::vector<uint32_t> once = trial.run(machine, isa, machine.one);
    const double worst = trial.worst(once, step);
    check(worst == 0, name + ": error is " + std::to_string(worst) + " of its bound");
    check(trial.border_intact(once), name + ": wrote outside");
    check(once == trial.run(machine, isa, machine.two), name + ": two threads give other bits");
    check(once == trial.run(machine, isa, machine.one), name + ": the second time gives other bits");
  }
}

// Every combination of storage, orientation, arithmetic and epilogue comes by, at ever different shapes.
Case varied(int64_t m, int64_t k, int64_t n, uint64_t number) {
  const auto pick = [&](uint64_t count) {
    const uint64_t choice = number % count;
    number /= count;
    return choice;
  };
  constexpr int64_t kSecond[] = {-1, 0, 8, 5, 16};
  constexpr float kAlpha[] = {1.0f, -0.375f};
  Case c{};
  c.m = m;
  c.n = n;
  c.a = static_cast<Kind>(pick(4));
  c.b = static_cast<Kind>(pick(4));
  c.ta = pick(2) != 0;
  c.tb = pick(2) != 0;
  c.product = static_cast<Product>(pick(2));
  c.out = pick(2) ? DType::bf16 : DType::f32;
  c.add = static_cast<Add>(pick(4));
  c.bias = static_cast<int>(pick(3));
  c.k = {k, kSecond[pick(5)]};
  c.alpha = kAlpha[pick(2)];
  return c;
}

void small_shapes(Machine& machine) {
  constexpr int64_t kSizes[] = {1, 2, 3, 7, 13, 16, 17, 31, 64, 65, 129};
  uint64_t number = 1;
  for (const int64_t m : kSizes) {
    for (const int64_t n : kSizes) {
      for (const int64_t k : kSizes) {
        for (int i = 0; i < kCasesPerShape; ++i) {
          number = number * 2862933555777941757u + 3037000493u;
          examine(machine, varied(m, k, n, number >> 24), number, m * n * k > 200000 ? 7 : 1);
        }
      }
    }
  }
}

// Long sums come in several chunks; what stays may not fit the workspace; vectors may be longer than their buffers.
void large_shapes(Machine& machine) {
  const Kind f = Kind::f32, h = Kind::bf16, q = Kind::nf4, d = Kind::nf4_double;
  const Product exact = Product::f32, half = Product::bf16;
  const Case cases[] = {
      {70, 90, {2500, 16}, f, f, false, true, exact, DType::bf16, Add::in_place, 1, 0.5f},
      {90, 70, {5000, 16}, h, d, true, false, half, DType::bf16, Add::f32, 2, 2.0f},
      {65, 600, {2100, -1}, h, h, false, false, exact, DType::bf16, Add::none, 0, 1.0f},
      {600, 65, {4200, -1}, f, h, true, true, half, DType::bf16, Add::bf16, 0, 1.0f},
      {129, 77, {3001, 9}, f, q, false, true, exact, DType::f32, Add::in_place, 1, 0.25f},
      {1300, 700, {1100, -1}, f, f, false, false, exact, DType::bf16, Add::none, 0, 1.0f},
      {2000, 2300, {1024, -1}, f, f, true, true, exact, DType::f32, Add::none, 0, 1.0f},
      {1, 5000, {9000, 16}, f, q, false, true, half, DType::bf16, Add::none, 1, 1.0f},
      {4, 2100, {4100, 8}, h, h, false, false, half, DType::f32, Add::in_place, 0, 0.5f},
      {2100, 3, {4099, 8}, d, f, true, true, exact, DType::f32, Add::none, 0, 1.0f},
  };
  uint64_t seed = 77;
  for (const Case& c : cases) examine(machine, c, seed++, std::max<int64_t>(1, c.m * c.n / 300 | 1));
}

}  // namespace

int main() {
  Machine machine;
  small_shapes(machine);
  if (kLarge) large_shapes(machine);
  return test::finish();
}
