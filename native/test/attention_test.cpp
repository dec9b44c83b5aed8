#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/rng.h"
#include "cpu/attention.h"
#include "test/check.h"

using namespace rankwise;
using test::check;

namespace {

uint16_t bf16_bits(float x) {
  const uint32_t u = std::bit_cast<uint32_t>(x);
  return static_cast<uint16_t>((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}
float from_bf16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

// A matrix with columns to spare, whose gaps must stay as they are.
struct Matrix {
  std::vector<uint8_t> bytes;
  View view;

  Matrix(DType dtype, int64_t rows, int64_t cols, int64_t spare)
      : bytes(static_cast<size_t>(rows * (cols + spare)) * bytes_of(dtype) + 1, 0xA5) {
    view = {bytes.data(), dtype, rows, cols, cols + spare};
  }
  Matrix& operator=(const Matrix&) = delete;
  Matrix(const Matrix& other) : bytes(other.bytes), view(other.view) { view.data = bytes.data(); }

  static void set(const View& v, int64_t i, int64_t j, float x) {
    if (v.dtype == DType::f32) {
      v.as<float>()[i * v.ld + j] = x;
    } else {
      v.as<uint16_t>()[i * v.ld + j] = bf16_bits(x);
    }
  }
  static float get(const View& v, int64_t i, int64_t j) {
    return v.dtype == DType::f32 ? v.as<float>()[i * v.ld + j] : from_bf16(v.as<uint16_t>()[i * v.ld + j]);
  }
  bool gaps_intact() const {
    const size_t size = bytes_of(view.dtype);
    for (int64_t i = 0; i < view.rows; ++i) {
      for (size_t at = static_cast<size_t>(i * view.ld + view.cols) * size; at < static_cast<size_t>((i + 1) * view.ld) * size; ++at) {
        if (bytes[at] != 0xA5) return false;
      }
    }
    return bytes.back() == 0xA5;
  }
};

// Scratch of the promised size, full of NaN, between guards.
struct Scratch {
  static constexpr size_t kGuard = 256;
  std::vector<uint8_t> bytes;
  size_t size;

  Scratch(const AttentionShape& shape, int threads) : size(cpu_attention_scratch_bytes(shape, threads)) {
    bytes.assign(size + 2 * kGuard, 0xFF);
  }
  View view() { return view_of(bytes.data() + kGuard, DType::u8, 1, static_cast<int64_t>(size)); }
  bool guards_intact() const {
    for (size_t i = 0; i < kGuard; ++i) {
      if (bytes[i] != 0xFF || bytes[kGuard + size + i] != 0xFF) return false;
    }
    return true;
  }
};

struct Problem {
  AttentionShape shape;
  DType dtype;
  Matrix qkv;  // q, or q | k | v side by side where there are as many queries as keys
  Matrix kv;   // k | v, else
  Matrix dout;
  std::vector<int32_t> starts;

  bool square() const { return shape.query_length == shape.key_length; }
  int64_t q_width() const { return shape.heads * shape.head_dim; }
  int64_t kv_width() const { return shape.kv_heads * shape.head_dim; }
  View q(const Matrix& joint) const { return joint.view.col_range(0, q_width()); }
  View k(const Matrix& joint) const { return square() ? joint.view.col_range(q_width(), kv_width()) : kv.view.col_range(0, kv_width()); }
  View v(const Matrix& joint) const {
    return square() ? joint.view.col_range(q_width() + kv_width(), kv_width()) : kv.view.col_range(kv_width(), kv_width());
  }
  View segment_start() { return view_of(starts.data(), DType::i32, 1, static_cast<int64_t>(starts.size())); }
};

void fill(const View& v, uint64_t purpose, float deviation) {
  const RandomStream stream{7, purpose, 0};
  for (int64_t i = 0; i < v.rows; ++i) {
    for (int64_t j = 0; j < v.cols; ++j) Matrix::set(v, i, j, deviation * normal(stream, static_cast<uint64_t>(i * v.cols + j)));
  }
}

Problem make_problem(const AttentionShape& s, DType dtype, bool segments) {
  const bool square = s.query_length == s.key_length;
  const int64_t q = s.heads * s.head_dim, kv = 2 * s.kv_heads * s.head_dim;
  Problem p{s,
            dtype,
            Matrix(dtype, s.batch * s.query_length, square ? q + kv : q, 3),
            Matrix(dtype, s.batch * s.key_length, square ? 0 : kv, 5),
            Matrix(dtype, s.batch * s.query_length, q, 2),
            {}};
  fill(p.qkv.view, 1, 1.0f);
  fill(p.kv.view, 2, 1.0f);
  fill(p.dout.view, 3, 1.0f);
  const int64_t lengths[] = {5, 1, 40, 17, 90, 33};
  for (int64_t b = 0; b < s.batch; ++b) {
    int64_t start = 0, document = b;
    for (int64_t key = 0; key < s.key_length; ++key) {
      if (segments && key - start >= lengths[document % 6]) start = key, ++document;
      if (key >= s.key_length - s.query_length) p.starts.push_back(static_cast<int32_t>(start));
    }
  }
  return p;
}

struct Answer {
  std::vector<double> out, lse, dq, dk, dv;
};

// Attention as it is written in a book, one query at a time; gradients only where there are as many queries as keys.
Answer reference(Problem& p, const std::vector<double>* nudged_qkv = nullptr) {
  const AttentionShape& s = p.shape;
  const int64_t d = s.head_dim, group = s.heads / s.kv_heads;
  auto read = [&](const View& view, int64_t column, int64_t i, int64_t j) {
    if (nudged_qkv) return (*nudged_qkv)[static_cast<size_t>(i * p.qkv.view.cols + column + j)];
    return static_cast<double>(Matrix::get(view, i, j));
  };
  auto dense = [&](const View& view, int64_t column) {
    std::vector<double> x(static_cast<size_t>(view.size()));
    for (int64_t i = 0; i < view.rows; ++i) {
      for (int64_t j = 0; j < view.cols; ++j) x[static_cast<size_t>(i * view.cols + j)] = read(view, column, i, j);
    }
    return x;
  };
  const std::vector<double> q = dense(p.q(p.qkv), 0), k = dense(p.k(p.qkv), p.q_width()), v = dense(p.v(p.qkv), p.q_width() + p.kv_width());
  Answer a{std::vector<double>(q.size()), std::vector<double>(static_cast<size_t>(s.batch * s.heads * s.query_length)),
           std::vector<double>(q.size()), std::vector<double>(k.size()), std::vector<double>(k.size())};
  std::vector<double> w(static_cast<size_t>(s.key_length)), dw(w.size()), slope(w.size());
  for (int64_t b = 0; b < s.batch; ++b) {
    for (int64_t h = 0; h < s.heads; ++h) {
      for (int64_t i = 0; i < s.query_length; ++i) {
        const int64_t row = b * s.query_length + i, to = i + 1 + s.key_length - s.query_length;
        const int64_t from = std::max<int64_t>(p.starts[static_cast<size_t>(row)], s.window > 0 ? to - s.window : 0);
        const size_t at_q = static_cast<size_t>(row * p.q_width() + h * d);
        auto at_k = [&](int64_t j) { return static_cast<size_t>((b * s.key_length + j) * p.kv_width() + h / group * d); };
        double most = -1e300, sum = 0;
        for (int64_t j = from; j < to; ++j) {
          double x = 0;
          for (int64_t c = 0; c < d; ++c) x += q[at_q + c] * k[at_k(j) + c];
          w[j] = x * s.scale;
          if (s.softcap > 0) w[j] = s.softcap * std::tanh(w[j] / s.softcap);
          slope[j] = s.softcap > 0 ? 1 - w[j] / s.softcap * (w[j] / s.softcap) : 1;
          most = std::max(most, w[j]);
        }
        for (int64_t j = from; j < to; ++j) sum += w[j] = std::exp(w[j] - most);
        a.lse[static_cast<size_t>((b * s.heads + h) * s.query_length + i)] = most + std::log(sum);
        for (int64_t j = from; j < to; ++j) {
          w[j] /= sum;
          for (int64_t c = 0; c < d; ++c) a.out[at_q + c] += w[j] * v[at_k(j) + c];
        }
        if (!p.square() || nudged_qkv) continue;
        double mean = 0;
        for (int64_t j = from; j < to; ++j) {
          dw[j] = 0;
          for (int64_t c = 0; c < d; ++c) dw[j] += Matrix::get(p.dout.view, row, h * d + c) * v[at_k(j) + c];
          mean += w[j] * dw[j];
        }
        for (int64_t j = from; j < to; ++j) {
          const double ds = w[j] * (dw[j] - mean) * s.scale * slope[j];
          for (int64_t c = 0; c < d; ++c) {
            a.dq[at_q + c] += ds * k[at_k(j) + c];
            a.dk[at_k(j) + c] += ds * q[at_q + c];
            a.dv[at_k(j) + c] += w[j] * Matrix::get(p.dout.view, row, h * d + c);
          }
        }
      }
    }
  }
  return a;
}

// Largest difference over the largest magnitude (at least 1); NaN counts as infinite.
double difference(const View& got, const std::vector<double>& want) {
  double most = 1.0, worst = 0;
  for (double x : want) most = std::max(most, std::fabs(x));
  for (int64_t i = 0; i < got.rows; ++i) {
    for (int64_t j = 0; j < got.cols; ++j) {
      const double e = std::fabs(Matrix::get(got, i, j) - want[static_cast<size_t>(i * got.cols + j)]);
      worst = std::isfinite(e) ? std::max(worst, e) : INFINITY;
    }
  }
  return worst / most;
}

struct Pools {
  ThreadPool one{1}, two{2};
  ThreadPool& of(int threads) { return threads == 1 ? one : two; }
};

void check_problem(Pools& pools, Problem& p, const std::string& name) {
  const AttentionShape& s = p.shape;
  const Answer want = reference(p);
  const double near = p.dtype == DType::f32 ? 1e-5 : 1.2e-2;
  const Matrix blank(p.dtype, p.q(p.qkv).rows, p.q_width(), 1);
  for (Isa isa : {Isa::avx2, Isa::avx512, Isa::avx512bf16}) {
    if (isa > processor_isa()) continue;
    std::vector<uint8_t> first_out, first_gradients;
    for (int threads : {1, 2}) {
      const std::string what = name + " " + name_of(isa) + " threads " + std::to_string(threads);
      ThreadPool& pool = pools.of(threads);
      Scratch scratch(s, pool.size());
      Matrix out = blank;
      std::vector<float> lse_values(want.lse.size());
      const View lse = view_of(lse_values.data(), DType::f32, 1, static_cast<int64_t>(lse_values.size()));
      attention_forward(pool, isa, s, p.q(p.qkv), p.k(p.qkv), p.v(p.qkv), p.segment_start(), out.view, &lse, scratch.view());
      const double e = difference(out.view, want.out), el = difference(lse, want.lse);
      check(e < near, what + " out " + std::to_string(e));
      check(el < 1e-5, what + " lse " + std::to_string(el));
      check(out.gaps_intact() && scratch.guards_intact(), what + " forward stays in bounds");
      if (threads == 1) first_out = out.bytes;
      check(out.bytes == first_out, what + " same bits of out");
      if (!p.square()) {
        Matrix again = blank;
        attention_forward(pool, isa, s, p.q(p.qkv), p.k(p.qkv), p.v(p.qkv), p.segment_start(), again.view, nullptr, scratch.view());
        check(again.bytes == out.bytes, what + " without lse");
        continue;
      }
      Matrix apart = p.qkv, inside = p.qkv;
      for (Matrix* g : {&apart, &inside}) {
        const Matrix& source = g == &inside ? inside : p.qkv;
        Scratch fresh(s, pool.size());
        attention_backward(pool, isa, s, p.dout.view, p.q(source), p.k(source), p.v(source), out.view, p.segment_start(), lse, p.q(*g),
                           p.k(*g), p.v(*g), fresh.view());
        check(g->gaps_intact() && fresh.guards_intact(), what + " backward stays in bounds");
      }
      const double eq = difference(p.q(apart), want.dq), ek = difference(p.k(apart), want.dk), ev = difference(p.v(apart), want.dv);
      check(eq < near && ek < near && ev < near,
            what + " dq " + std::to_string(eq) + " dk " + std::to_string(ek) + " dv " + std::to_string(ev));
      check(apart.bytes == inside.bytes, what + " gradients in place of q, k, v");
      if (threads == 1) first_gradients = apart.bytes;
      check(apart.bytes == first_gradients, what + " same bits of the gradients");
    }
  }
}

AttentionShape shape_of(int64_t batch, int64_t queries, int64_t keys, int64_t heads, int64_t kv_heads, int64_t d) {
  return {batch, queries, keys, heads, kv_heads, d, 1.0f / std::sqrt(static_cast<float>(d))};
}

std::string described(const AttentionShape& s, DType dtype, bool segments) {
  std::string text = "B";
  text.append(std::to_string(s.batch)).append(" Tq").append(std::to_string(s.query_length));
  text.append(" Tk").append(std::to_string(s.key_length)).append(" H").append(std::to_string(s.heads));
  text.append("/").append(std::to_string(s.kv_heads)).append(" D").append(std::to_string(s.head_dim));
  if (s.softcap > 0) text.append(" capped");
  if (s.window) text.append(" W").append(std::to_string(s.window));
  text.append(" ").append(name_of(dtype)).append(segments ? " segments" : "");
  return text;
}

void check_shapes(Pools& pools) {
  const int64_t heads[][2] = {{1, 1}, {4, 4}, {4, 2}, {6, 1}};
  int64_t turn = 0;
  for (int64_t length : {1, 2, 7, 63, 64, 65, 130, 257}) {
    for (int64_t d : {8, 16, 33, 64, 80, 128}) {
      for (DType dtype : {DType::f32, DType::bf16}) {
        const auto& h = heads[(turn + turn / 4) % 4];
        const int64_t batch = length > 200 ? 1 : 1 + turn % 3;
        const bool segments = turn / 2 % 2 == 0;
        const AttentionShape s = shape_of(batch, length, length, h[0], h[1], d);
        Problem p = make_problem(s, dtype, segments);
        check_problem(pools, p, described(s, dtype, segments));
        ++turn;
      }
    }
  }
}

void check_caches(Pools& pools) {
  for (int64_t queries : {1, 3, 4, 5, 40}) {
    for (int64_t keys : {41, 64, 301}) {
      for (DType dtype : {DType::f32, DType::bf16}) {
        const bool many = keys == 64;
        const AttentionShape s = shape_of(many ? 3 : 1, queries, keys, many ? 6 : 4, many ? 1 : 2, queries == 3 ? 33 : 64);
        Problem p = make_problem(s, dtype, queries == 5);
        check_problem(pools, p, described(s, dtype, queries == 5));
      }
    }
  }
}

void check_windows(Pools& pools) {
  int64_t turn = 0;
  for (int64_t length : {1, 40, 65, 130, 257}) {
    for (int64_t window : {1, 3, 32, 64, 100, 300}) {
      for (DType dtype : {DType::f32, DType::bf16}) {
        AttentionShape s = shape_of(1 + turn % 2, length, length, 4, turn % 3 ? 2 : 4, turn % 2 ? 33 : 64);
        s.window = window;
        if (turn % 4 == 1) s.softcap = 1.25f;
        Problem p = make_problem(s, dtype, turn % 3 == 0);
        check_problem(pools, p, described(s, dtype, turn % 3 == 0));
        ++turn;
      }
    }
  }
  for (int64_t queries : {1, 4, 5, 40}) {
    for (int64_t window : {1, 37, 64, 290}) {
      AttentionShape s = shape_of(2, queries, 301, 4, 2, 64);
      s.window = window;
      if (window == 64) s.softcap = 0.9f;
      Problem p = make_problem(s, queries == 4 ? DType::bf16 : DType::f32, queries == 5);
      check_problem(pools, p, described(s, p.dtype, queries == 5));
    }
  }
  // Pairs counted for plans and the ledger, against counting them.
  for (int64_t queries : {1, 5, 30}) {
    for (int64_t window : {0, 1, 7, 29, 30, 31, 99}) {
      AttentionShape s = shape_of(2, queries, 30, 3, 1, 8);
      s.window = window;
      int64_t pairs = 0;
      for (int64_t i = 0; i < queries; ++i) pairs += i + 31 - queries - s.first_in_window(i);
      check(s.visible_pairs() == static_cast<double>(6 * pairs), "pairs of " + described(s, DType::f32, false));
    }
  }
}

// The reference's own gradients, against central differences of sum(dout * out).
void check_reference(int64_t window, float softcap) {
  AttentionShape s = shape_of(2, 7, 7, 4, 2, 3);
  s.window = window;
  s.softcap = softcap;
  Problem p = make_problem(s, DType::f32, true);
  const Answer a = reference(p);
  const int64_t width = p.qkv.view.cols;
  std::vector<double> x(static_cast<size_t>(p.qkv.view.size()));
  for (int64_t i = 0; i < p.qkv.view.rows; ++i) {
    for (int64_t j = 0; j < width; ++j) x[static_cast<size_t>(i * width + j)] = Matrix::get(p.qkv.view, i, j);
  }
  auto loss = [&] {
    const Answer there = reference(p, &x);
    double sum = 0;
    for (int64_t i = 0; i < p.dout.view.rows; ++i) {
      for (int64_t j = 0; j < p.q_width(); ++j) sum += Matrix::get(p.dout.view, i, j) * there.out[static_cast<size_t>(i * p.q_width() + j)];
    }
    return sum;
  };
  double worst = 0;
  for (int64_t i = 0; i < p.qkv.view.rows; ++i) {
    for (int64_t j = 0; j < width; ++j) {
      double& element = x[static_cast<size_t>(i * width + j)];
      const double kept = element, h = 1e-5;
      element = kept + h;
      const double up = loss();
      element = kept - h;
      const double slope = (up - loss()) / (2 * h);
      element = kept;
      const int64_t at_k = j - p.q_width(), at_v = at_k - p.kv_width();
      const double g = at_v >= 0   ? a.dv[static_cast<size_t>(i * p.kv_width() + at_v)]
                       : at_k >= 0 ? a.dk[static_cast<size_t>(i * p.kv_width() + at_k)]
                                   : a.dq[static_cast<size_t>(i * p.q_width() + j)];
      worst = std::max(worst, std::fabs(slope - g));
    }
  }
  check(worst < 1e-8, "reference gradients against finite differences " + std::to_string(worst));
}

// Scores far beyond exp's range, and a query that sees nothing.
void check_extremes(Pools& pools) {
  AttentionShape s = shape_of(1, 70, 70, 2, 1, 16);
  s.scale = 40.0f;
  Problem p = make_problem(s, DType::f32, false);
  const Answer want = reference(p);
  Matrix out(DType::f32, 70, p.q_width(), 0);
  Scratch scratch(s, pools.two.size());
  auto forward = [&](const View& room) {
    attention_forward(pools.two, processor_isa(), s, p.q(p.qkv), p.k(p.qkv), p.v(p.qkv), p.segment_start(), out.view, nullptr, room);
  };
  forward(scratch.view());
  const double e = difference(out.view, want.out);
  check(e < 1e-3, "sharp softmax " + std::to_string(e));

  p.starts[3] = 60;
  forward(scratch.view());
  bool zeros = true;
  for (int64_t j = 0; j < p.q_width(); ++j) zeros = zeros && Matrix::get(out.view, 3, j) == 0.0f;
  check(zeros, "a query that sees no key gets zeros");

  View small = scratch.view();
  small.cols = 4096;
  test::check_refused("E_SHAPE", "scratch that is too small", [&] { forward(small); });
  s.scale = 0;
  test::check_refused("E_SHAPE", "a scale of 0", [&] { forward(scratch.view()); });
}

}  // namespace

int main() {
  Pools pools;
  check_reference(0, 0);
  check_reference(3, 0);
  check_reference(4, 0.8f);
  check_shapes(pools);
  check_caches(pools);
  check_windows(pools);
  check_extremes(pools);
  return test::finish();
}
