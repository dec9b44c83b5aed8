#include <cmath>
#include <numbers>
#include <string>

#include "ops/selftest_table.h"

namespace rankwise::selftest {
namespace {

using Values = std::vector<double>;

size_t place(int64_t row, int64_t column, int64_t cols) { return static_cast<size_t>(row * cols + column); }

void rmsnorm(Table& t, Shape s, DType type, DType gamma_type, int64_t apart) {
  constexpr double kEpsilon = 1e-5;
  const Sample x = t.random(type, s, 2.0, apart), gamma = t.random(gamma_type, {1, s.cols}, 1.5), y = t.filled(type, s, 0, apart),
               rstd = t.filled(DType::f32, {1, s.rows}, 0);
  t.ops.rmsnorm(x, gamma, static_cast<float>(kEpsilon), y, rstd);
  const Values xs = t.values(x), gs = t.values(gamma);
  Values ys(xs.size()), rs;
  for (int64_t i = 0; i < s.rows; ++i) {
    double squares = 0;
    for (int64_t j = 0; j < s.cols; ++j) squares += xs[place(i, j, s.cols)] * xs[place(i, j, s.cols)];
    rs.push_back(1 / std::sqrt(squares / static_cast<double>(s.cols) + kEpsilon));
    for (int64_t j = 0; j < s.cols; ++j) ys[place(i, j, s.cols)] = xs[place(i, j, s.cols)] * rs.back() * gs[static_cast<size_t>(j)];
  }
  t.compare(label("rmsnorm", s, {type, gamma_type}), y, ys);
  t.compare(label("rmsnorm rstd", s, {type, gamma_type}), rstd, rs);

  const Sample dy = t.random(type, s, 1.0, apart), add = t.random(type, s, 1.0, apart), dx = t.filled(type, s, 0, apart),
               dgamma = t.random(DType::f32, {1, s.cols}), scratch = t.filled(DType::f32, {t.ops.threads(), s.cols}, 0);
  Values dgammas = t.values(dgamma), dxs(xs.size()), without_add(xs.size());
  const Values dys = t.values(dy), adds = t.values(add), r = t.values(rstd);
  for (int64_t i = 0; i < s.rows; ++i) {
    const double scale = r[static_cast<size_t>(i)];
    double mean = 0;
    for (int64_t j = 0; j < s.cols; ++j) {
      const size_t e = place(i, j, s.cols);
      mean += dys[e] * gs[static_cast<size_t>(j)] * xs[e] * scale / static_cast<double>(s.cols);
      dgammas[static_cast<size_t>(j)] += dys[e] * xs[e] * scale;
    }
    for (int64_t j = 0; j < s.cols; ++j) {
      const size_t e = place(i, j, s.cols);
      without_add[e] = scale * (dys[e] * gs[static_cast<size_t>(j)] - xs[e] * scale * mean);
      dxs[e] = adds[e] + without_add[e];
    }
  }
  const View dgamma_view = dgamma;
  t.ops.rmsnorm_backward(dy, x, gamma, rstd, nullptr, dx, nullptr, scratch);
  t.compare(label("rmsnorm_backward dx alone", s, {type, gamma_type}), dx, without_add, 2.0);
  const View add_view = add;
  t.ops.rmsnorm_backward(dy, x, gamma, rstd, &add_view, dy, &dgamma_view, scratch);  // dx in the place of dy
  t.compare(label("rmsnorm_backward dx over dy", s, {type, gamma_type}), dy, dxs, 2.0);
  t.compare(label("rmsnorm_backward dgamma", s, {type, gamma_type}), dgamma, dgammas, std::sqrt(static_cast<double>(s.rows)));
}

void rope(Table& t, int64_t rows, int64_t heads, int64_t head_dim, int64_t half, DType type, int64_t apart) {
  const Shape s{rows, heads * head_dim};
  const int64_t limit = 40;
  const Sample x = t.random(type, s, 2.0, apart), cos = t.random(DType::f32, {limit, half}), sin = t.random(DType::f32, {limit, half});
  std::vector<int32_t> at;
  for (int64_t i = 0; i < rows; ++i) at.push_back(static_cast<int32_t>(i * 7 % limit));
  const Sample positions = t.list(at);
  for (const bool inverse : {false, true}) {
    const Values xs = t.values(x), cs = t.values(cos), sn = t.values(sin);
    Values expected = xs;
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t h = 0; h < heads; ++h) {
        for (int64_t j = 0; j < half; ++j) {
          const size_t low = place(i, h * head_dim + j, s.cols), high = low + static_cast<size_t>(half);
          const size_t angle = place(at[static_cast<size_t>(i)], j, half);
          const double turn = inverse ? -sn[angle] : sn[angle];
          expected[low] = xs[low] * cs[angle] - xs[high] * turn;
          expected[high] = xs[high] * cs[angle] + xs[low] * turn;
        }
      }
    }
    t.ops.rope(x, head_dim, positions, cos, sin, inverse);
    t.compare(label(inverse ? "rope back" : "rope", s, {type}) + " head " + std::to_string(head_dim) + " pairs " + std::to_string(half), x, expected);
  }
}

// An activation and its derivative.
struct Curve {
  double value, slope;
};

Curve silu(double x) {
  const double sigmoid = 1 / (1 + std::exp(-x));
  return {x * sigmoid, sigmoid * (1 + x * (1 - sigmoid))};
}

Curve gelu(double x) {
  const double root = std::sqrt(2 / std::numbers::pi), tanh = std::tanh(root * (x + 0.044715 * x * x * x));
  return {x / 2 * (1 + tanh), (1 + tanh) / 2 + x / 2 * (1 - tanh * tanh) * root * (1 + 3 * 0.044715 * x * x)};
}

void gate(Table& t, const std::string& name, Shape s, DType type, int64_t apart) {
  const bool swiglu = name == "swiglu";
  const Sample gate = t.random(type, s, 8.0, apart), up = t.random(type, s, 2.0, apart), out = t.filled(type, s, 0, apart);
  const Sample dout = t.random(type, s, 1.0, apart), act = t.filled(type, s, 0, apart);
  const Values g = t.values(gate), u = t.values(up), d = t.values(dout);
  Values outs, dgates, dups;
  for (size_t i = 0; i < g.size(); ++i) {
    const Curve curve = swiglu ? silu(g[i]) : gelu(g[i]);
    outs.push_back(curve.value * u[i]);
    dgates.push_back(d[i] * u[i] * curve.slope);
    dups.push_back(d[i] * curve.value);
  }
  swiglu ? t.ops.swiglu(gate, up, out) : t.ops.geglu(gate, up, out);
  t.compare(label(name.c_str(), s, {type}), out, outs, 0.1);
  const View act_view = act;
  // The gradients in the place of gate and up.
  swiglu ? t.ops.swiglu_backward(dout, gate, up, gate, up, &act_view) : t.ops.geglu_backward(dout, gate, up, gate, up, &act_view);
  t.compare(label((name + "_backward dgate over gate").c_str(), s, {type}), gate, dgates, 0.1);
  t.compare(label((name + "_backward dup over up").c_str(), s, {type}), up, dups, 0.1);
  t.compare(label((name + "_backward act").c_str(), s, {type}), act, outs, 0.1);
}

}  // namespace

void check_rows(Table& t) {
  for (const Shape s : t.shapes()) {
    for (const DType type : kFloatTypes) {
      for (const int64_t apart : {0, 7}) {
        rmsnorm(t, s, type, apart ? DType::f32 : type, apart);
        gate(t, "swiglu", s, type, apart);
        gate(t, "geglu", s, type, apart);
      }
    }
  }
  for (const DType type : kFloatTypes) {
    for (const int64_t head_dim : {2, 6, 16, 34, 64, 128}) rope(t, t.thorough ? 65 : 5, 3, head_dim, head_dim / 2, type, head_dim == 34 ? 5 : 0);
    rope(t, 5, 3, 16, 6, type, 0);  // a part of each head
    rope(t, 5, 2, 64, 1, type, 3);
  }
}

}  // namespace rankwise::selftest
