#include <cmath>

#include "ops/selftest_table.h"

namespace rankwise::selftest {
namespace {

using Values = std::vector<double>;

void conversions(Table& t, Shape s, DType from, DType to, int64_t apart) {
  const Sample x = t.random(from, s, 3.0, apart), y = t.random(to, s, 3.0, apart);
  const Values xs = t.values(x), ys = t.values(y);
  Values mixed, scaled;
  for (size_t i = 0; i < xs.size(); ++i) {
    mixed.push_back(0.75 * xs[i] - 0.5 * ys[i]);
    scaled.push_back(-2 * xs[i]);
  }
  t.ops.axpby(0.75f, x, -0.5f, y);
  t.compare(label("axpby", s, {from, to}), y, mixed, 0.5);
  const Sample z = t.filled(to, s, NAN, apart);
  t.ops.axpby(-2.0f, x, 0.0f, z);
  t.compare(label("axpby over anything", s, {from, to}), z, scaled, 1e-9);
  t.ops.copy(x, y);
  t.compare(label("copy", s, {from, to}), y, xs, 1e-9, from == DType::bf16 ? 1e-9 : 1.0);
  t.ops.zero(y);
  t.compare(label("zero", s, {to}), y, Values(xs.size(), 0.0), 1e-9);
}

void products(Table& t, Shape s) {
  const Sample x = t.random(DType::f32, s, 3.0), y = t.random(DType::f32, s, 3.0);
  const Values xs = t.values(x), ys = t.values(y);
  Values expected;
  for (size_t i = 0; i < xs.size(); ++i) expected.push_back(xs[i] * ys[i]);
  t.ops.multiply(x, y, x);
  t.compare(label("multiply over a factor", s, {}), x, expected, 1e-9);
}

void sums(Table& t, Shape s, DType type, int64_t apart) {
  const Sample x = t.random(type, s, 3.0, apart), y = t.random(type == DType::f32 ? DType::bf16 : type, s, 3.0, apart);
  const Sample columns = t.random(DType::f32, {1, s.cols}), scratch = t.filled(DType::f32, {t.ops.threads(), s.cols}, 0);
  const Values xs = t.values(x), ys = t.values(y);
  Values column_sums = t.values(columns);
  double sum = 0, squares = 0, distance = 0, magnitude = 1e-30;
  for (size_t i = 0; i < xs.size(); ++i) {
    sum += xs[i];
    magnitude += std::fabs(xs[i]);
    squares += xs[i] * xs[i];
    distance += (xs[i] - ys[i]) * (xs[i] - ys[i]);
    column_sums[i % static_cast<size_t>(s.cols)] += xs[i];
  }
  t.expect(std::fabs(t.ops.sum(x) - sum) <= 1e-12 * magnitude, label("sum", s, {type}));
  t.expect(std::fabs(t.ops.sum_squares(x) - squares) <= 1e-12 * squares, label("sum_squares", s, {type}));
  t.expect(std::fabs(t.ops.squared_distance(x, y) - distance) <= 1e-12 * distance, label("squared_distance", s, {type}));
  t.ops.column_sum(x, columns, scratch);
  t.compare(label("column_sum", s, {type}), columns, column_sums, std::sqrt(static_cast<double>(s.rows)));
}

void random_fills(Table& t, Shape s, DType type, int64_t apart) {
  const Sample x = t.filled(type, s, 0, apart);
  const RandomStream stream{3, hash_name("selftest"), 5};
  Values normals, uniforms;
  for (int64_t i = 0; i < s.rows * s.cols; ++i) {
    normals.push_back(0.5 * static_cast<double>(normal(stream, static_cast<uint64_t>(i))));
    uniforms.push_back(-1 + 4 * static_cast<double>(uniform(stream, static_cast<uint64_t>(i))));
  }
  t.ops.fill_normal(x, 0.5f, stream);
  t.compare(label("fill_normal", s, {type}), x, normals, 1e-3);
  t.ops.fill_uniform(x, -1.0f, 3.0f, stream);
  t.compare(label("fill_uniform", s, {type}), x, uniforms, 1e-1);
}

}  // namespace

void check_elements(Table& t) {
  for (const Shape s : t.shapes()) {
    products(t, s);
    for (const DType type : kFloatTypes) {
      for (const int64_t apart : {0, 5}) {
        conversions(t, s, type, DType::f32, apart);
        conversions(t, s, type, DType::bf16, apart);
        sums(t, s, type, apart);
        random_fills(t, s, type, apart);
      }
    }
  }
}

}  // namespace rankwise::selftest
