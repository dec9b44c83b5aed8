// Facts of NF4 and of the dynamic maps that do not depend on a backend's arithmetic, and round trips on this processor.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "cpu/backend.h"
#include "quant/maps.h"
#include "test/check.h"

using namespace rankwise;
using rankwise::test::check;

namespace {

struct Nf4 {
  std::vector<uint8_t> codes, scale_codes;
  std::vector<float> absmax, scale_scales, scratch;
  float offset = 0;
  Nf4View view;

  Nf4(int64_t rows, int64_t cols, bool doubly) {
    view.rows = rows;
    view.cols = cols;
    view.double_quantized = doubly;
    codes.resize(static_cast<size_t>(view.code_bytes()));
    absmax.resize(static_cast<size_t>(view.blocks()));
    scratch.resize(static_cast<size_t>(view.blocks()));
    scale_codes.resize(static_cast<size_t>(view.blocks()));
    scale_scales.resize(static_cast<size_t>(view.scale_blocks()));
    view.codes = codes.data();
    view.absmax = doubly ? nullptr : absmax.data();
    view.absmax_codes = scale_codes.data();
    view.absmax_scale = scale_scales.data();
    view.absmax_offset = &offset;
  }
  View scratch_view() { return view_of(scratch.data(), DType::f32, 1, view.blocks()); }
};

View matrix(std::vector<float>& values, int64_t rows, int64_t cols) { return view_of(values.data(), DType::f32, rows, cols); }

void dynamic_maps() {
  const float *s = signed_dynamic_map(), *u = unsigned_dynamic_map();
  bool sorted = true, odd = true;
  for (int i = 1; i < 256; ++i) sorted = sorted && s[i] > s[i - 1] && u[i] > u[i - 1];
  for (int i = 0; i < 255; ++i) odd = odd && s[i] == -s[254 - i];
  check(sorted, "256 different values, sorted");
  check(odd && s[kSignedZeroCode] == 0.0f && s[255] == 1.0f, "signed map: symmetric but for 1");
  check(s[0] == -0.99296875f, "-1 is not representable");
  check(std::fabs(s[kSignedZeroCode + 1] / 5.5e-7f - 1) < 1e-6f, "smallest positive of the signed map");
  check(u[0] == 0.0f && u[255] == 1.0f && std::fabs(u[1] / 3.25e-7f - 1) < 1e-6f, "ends of the unsigned map");
  // Values of create_dynamic_map, in float.
  check(s[200] == 0.233593747f && u[200] == 0.616796851f, "values of the reference map");
  for (int i = 0; i < 256; ++i) {
    check(nearest_code(signed_dynamic_midpoints(), 255, s[i]) == i && nearest_code(unsigned_dynamic_midpoints(), 255, u[i]) == i,
          "a value of the map has its own code");
  }
  check(nearest_code(signed_dynamic_midpoints(), 255, 7.0f) == 255 && nearest_code(signed_dynamic_midpoints(), 255, -7.0f) == 0,
        "beyond the map: its ends");
}

// What the kernels do with starts: two more midpoints at most.
int short_way(const float* midpoints, const int32_t* starts, float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  const int32_t bucket = std::clamp(static_cast<int32_t>((bits & 0x7fffffffu) >> kCodeShift) - kCodeBase, 0, kCodeBuckets - 1);
  int code = starts[bucket + (bits >> 31 ? kCodeBuckets : 0)];
  code += x > midpoints[code];
  code += x > midpoints[code];
  return code;
}

void short_ways() {
  const float *s = signed_dynamic_midpoints(), *u = unsigned_dynamic_midpoints();
  const auto same = [&](float x) {
    return short_way(s, signed_dynamic_starts(), x) == nearest_code(s, 255, x) &&
           (x < 0 || short_way(u, unsigned_dynamic_starts(), x) == nearest_code(u, 255, x));
  };
  bool all = same(0.0f) && same(-0.0f) && same(1.0f) && same(-1.0f) && same(1e-30f) && same(-1e-30f);
  for (uint64_t i = 0; i < 200000; ++i) {
    const float x = (2 * uniform({1, 1, 0}, i) - 1) * std::pow(10.0f, -8 * uniform({1, 2, 0}, i));
    all = all && same(x);
  }
  for (int i = 0; i < 255; ++i) {
    for (const float middle : {s[i], u[i]}) {
      all = all && same(middle) && same(std::nextafter(middle, 2.0f)) && same(std::nextafter(middle, -2.0f));
    }
  }
  check(all, "starting codes lead to the nearest code");
}

void levels() {
  const float* levels = nf4_levels();
  check(levels[0] == -1.0f && levels[7] == 0.0f && levels[15] == 1.0f, "ends and zero of NF4");
  float gap = 0;
  for (int i = 1; i < 16; ++i) gap = std::max(gap, (levels[i] - levels[i - 1]) / 2);
  check(std::fabs(gap - 0.1519f) < 1e-4f, "the widest half-gap is 0.1519");
}

void nf4_layout(Backend& ops) {
  // Two codes per byte, the first in the high nibble; a tie goes to the lower level; a short last block; a block of zeros.
  std::vector<float> x(64 + 64 + 3, 0.0f);
  x[0] = 2.0f;
  x[1] = -2.0f;
  x[2] = 2.0f * nf4_midpoints()[11];
  x[128] = 0.25f;
  Nf4 q(1, 131, false);
  ops.quantize_nf4(matrix(x, 1, 131), q.view, q.scratch_view());
  check(q.codes[0] == 0xf0, "first element in the high nibble");
  check(q.codes[1] == 0xb7, "a tie goes to the lower level, zero has code 7");
  check(q.absmax[0] == 2.0f && q.absmax[1] == 0.0f && q.absmax[2] == 0.25f, "one scale per 64 elements, zero for a block of zeros");
  check(q.codes[64] == 0xf7 && q.codes[65] == 0x70, "a short last block, with an empty last nibble");
  std::vector<float> back(131, 1.0f);
  ops.dequantize_nf4(q.view, matrix(back, 1, 131));
  check(back[0] == 2.0f && back[1] == -2.0f && back[64] == 0.0f && back[128] == 0.25f, "decoded");
}

void nf4_errors(Backend& ops) {
  constexpr int64_t kRows = 100, kCols = 333;
  std::vector<float> x(kRows * kCols), back(x.size());
  ops.fill_normal(matrix(x, kRows, kCols), 0.02f, {5, 6, 7});
  Nf4 once(kRows, kCols, false), twice(kRows, kCols, false), doubly(kRows, kCols, true);
  ops.quantize_nf4(matrix(x, kRows, kCols), once.view, once.scratch_view());
  ops.dequantize_nf4(once.view, matrix(back, kRows, kCols));
  const View original = matrix(x, kRows, kCols);
  const double error = std::sqrt(ops.squared_distance(original, matrix(back, kRows, kCols)) / ops.sum_squares(original));
  check(std::fabs(error - 0.093) < 0.002, "relative error of normal numbers is 0.093, found " + std::to_string(error));
  bool bounded = true;
  for (size_t i = 0; i < x.size(); ++i) bounded = bounded && std::fabs(x[i] - back[i]) <= 0.15192f * once.absmax[i / 64];
  check(bounded, "no element is off by more than 0.1519 of its block's largest");

  ops.quantize_nf4(matrix(back, kRows, kCols), twice.view, twice.scratch_view());
  check(once.codes == twice.codes && once.absmax == twice.absmax, "what was decoded is encoded as it was");

  ops.quantize_nf4(matrix(x, kRows, kCols), doubly.view, doubly.scratch_view());
  check(doubly.codes == once.codes, "double quantization of scales leaves the codes");
  double mean = 0;
  for (const float a : once.absmax) mean += static_cast<double>(a) / static_cast<double>(once.absmax.size());
  check(std::fabs(static_cast<double>(doubly.offset) - mean) < 1e-8, "the offset is the mean of all scales");
  std::vector<float> again(x.size());
  ops.dequantize_nf4(doubly.view, matrix(again, kRows, kCols));
  const double more = std::sqrt(ops.squared_distance(original, matrix(again, kRows, kCols)) / ops.sum_squares(original));
  check(more < error * 1.02, "double quantization costs little: " + std::to_string(more));
}

// Storing what was read changes nothing in v, and nothing in m where the block's extreme is positive (methods/training.md, 8-bit Adam).
void state_codes_are_stable(Backend& ops) {
  constexpr int64_t kCount = 700;
  std::vector<float> p(kCount, 1.0f), zeros(kCount, 0.0f), absmax_m = {1, 2, 3}, absmax_v = {1, 2, 3};
  std::vector<uint8_t> m(kCount), v(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    m[i] = static_cast<uint8_t>(i % 256 == 0 ? 255 : i * 7 % 256);
    v[i] = static_cast<uint8_t>(i % 256 == 0 ? 255 : i * 11 % 256);
  }
  const auto m0 = m, v0 = v;
  AdamStep step;
  step.beta1 = step.beta2 = 1.0f - 0x1p-24f;
  step.t = 1000;
  ops.adamw8(matrix(p, 1, kCount), matrix(zeros, 1, kCount), {m.data(), v.data(), absmax_m.data(), absmax_v.data()}, step);
  check(m == m0 && v == v0, "codes survive a round trip");
}

void non_finite_gradients(Backend& ops, bool bf16_parameter) {
  constexpr int64_t kCount = 300;
  std::vector<float> p(kCount, 1.5f), g(kCount, 0.5f), m_absmax(2), v_absmax(2), clean_p(kCount, 1.5f), clean_g(kCount, 0.5f), cm(2), cv(2);
  std::vector<uint16_t> half(kCount, 0x3fc0);
  std::vector<uint8_t> m(kCount), v(kCount), m1(kCount), v1(kCount);
  g[3] = INFINITY;
  g[299] = NAN;
  AdamStep step;
  step.learning_rate = 0.5f;
  step.weight_decay = 0.1f;
  const RandomStream stream{1, 2, 3};
  step.rounding = &stream;
  const View parameter = bf16_parameter ? view_of(half.data(), DType::bf16, 1, kCount) : matrix(p, 1, kCount);
  ops.adamw8(parameter, matrix(g, 1, kCount), {m.data(), v.data(), m_absmax.data(), v_absmax.data()}, step);
  ops.adamw8(matrix(clean_p, 1, kCount), matrix(clean_g, 1, kCount), {m1.data(), v1.data(), cm.data(), cv.data()}, step);
  if (bf16_parameter) {
    check(half[3] == 0x3fc0 && half[299] == 0x3fc0 && half[4] != 0x3fc0, "a gradient that is not finite leaves its bf16 parameter");
  } else {
    check(p[3] == 1.5f && p[299] == 1.5f && p[4] == clean_p[4], "a gradient that is not finite leaves its parameter");
  }
  check(m[3] == kSignedZeroCode && v[3] == 0 && m[299] == kSignedZeroCode && v[299] == 0, "and empties its moments");
  check(m[4] == m1[4] && v[4] == v1[4] && m_absmax[0] == cm[0] && v_absmax[1] == cv[1], "and touches nothing else");
}

}  // namespace

int main() {
  dynamic_maps();
  short_ways();
  levels();
  for (const Isa isa : {Isa::avx2, Isa::avx512, Isa::avx512bf16}) {
    if (isa > processor_isa()) continue;
    Arena arena(Arena::Kind::real, 0);
    CpuBackend ops(arena, 2, isa);
    nf4_layout(ops);
    nf4_errors(ops);
    state_codes_are_stable(ops);
    non_finite_gradients(ops, false);
    non_finite_gradients(ops, true);
  }
  return test::finish();
}
