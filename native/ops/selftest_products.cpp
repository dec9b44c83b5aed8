#include <algorithm>
#include <cmath>

#include "ops/selftest_table.h"

namespace rankwise::selftest {
namespace {

using Values = std::vector<double>;

Values transposed(const Values& x, int64_t rows, int64_t cols) {
  Values out(x.size());
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < cols; ++j) out[static_cast<size_t>(j * rows + i)] = x[static_cast<size_t>(i * cols + j)];
  }
  return out;
}

// What the arithmetic makes of operands before it multiplies.
Values operands(const Values& x, Product product) {
  if (product == Product::f32) return x;
  Values out;
  for (const double value : x) {
    int exponent;
    const double fraction = std::frexp(value, &exponent);
    out.push_back(std::ldexp(std::nearbyint(fraction * 256), exponent - 8));
  }
  return out;
}

// Two terms, one of them transposed, with scale, bias and accumulation.
void matmul(Table& t, int64_t m, int64_t n, int64_t k, DType type, Product product) {
  const Sample a = t.random(type, {m, k}, 1.0, 3), b = t.random(type, {n, k}, 1.0, 2), c = t.random(DType::f32, {m, 5}),
               d = t.random(DType::f32, {5, n}), bias = t.random(DType::f32, {1, n}), out = t.random(type, {m, n}, 1.0, 1);
  const Values as = operands(t.values(a), product), bs = operands(transposed(t.values(b), n, k), product),
               cs = operands(t.values(c), product), ds = operands(t.values(d), product), biases = t.values(bias);
  Values expected = t.values(out);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t l = 0; l < k; ++l) sum += as[static_cast<size_t>(i * k + l)] * bs[static_cast<size_t>(l * n + j)];
      for (int64_t l = 0; l < 5; ++l) sum += cs[static_cast<size_t>(i * 5 + l)] * ds[static_cast<size_t>(l * n + j)];
      expected[static_cast<size_t>(i * n + j)] += 0.5 * sum + biases[static_cast<size_t>(j)];
    }
  }
  const Term terms[] = {{Operand(a.view), Operand(b.view, true)}, {Operand(c.view), Operand(d.view)}};
  const View bias_view = bias, out_view = out;
  Epilogue epilogue;
  epilogue.alpha = 0.5f;
  epilogue.bias = &bias_view;
  epilogue.add = &out_view;
  t.ops.matmul(terms, out, product, epilogue);
  t.compare(label("matmul", {m, n}, {type}) + " inner " + std::to_string(k) + (product == Product::f32 ? " f32" : " bf16"), out, expected,
            std::sqrt(static_cast<double>(k)));
}

// A right operand in NF4, as it stands or transposed; sizes that no block and no byte divides.
void nf4_matmul(Table& t, int64_t m, int64_t n, int64_t k, bool turned, DType type, Product product) {
  const Shape stored = turned ? Shape{n, k} : Shape{k, n};
  Nf4View view;
  view.rows = stored.rows;
  view.cols = stored.cols;
  const Sample codes = t.bytes(static_cast<uint64_t>(view.code_bytes())), absmax = t.filled(DType::f32, {1, view.blocks()}, 0);
  view.codes = codes.view.as<uint8_t>();
  view.absmax = absmax.view.as<float>();
  const Sample a = t.random(type, {m, k}, 1.0, 3), weight = t.random(DType::f32, stored), read = t.filled(DType::f32, stored, 0), out = t.filled(type, {m, n}, 0, 1);
  t.ops.quantize_nf4(weight, view, t.filled(DType::f32, {1, 0}, 0));
  t.ops.dequantize_nf4(view, read);
  const Values as = operands(t.values(a), product), lies = operands(t.values(read), product), bs = turned ? transposed(lies, n, k) : lies;
  Values expected;
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t l = 0; l < k; ++l) sum += as[static_cast<size_t>(i * k + l)] * bs[static_cast<size_t>(l * n + j)];
      expected.push_back(sum);
    }
  }
  t.ops.matmul(Operand(a.view), Operand(view, turned), out, product);
  t.compare(label(turned ? "matmul with nf4 transposed" : "matmul with nf4", {m, n}, {type}) + " inner " + std::to_string(k) + (product == Product::f32 ? " f32" : " bf16"), out,
            expected, std::sqrt(static_cast<double>(k)));
}

struct AttentionReference {
  Values out, lse;
};

AttentionReference attend(const AttentionShape& s, const Values& q, const Values& k, const Values& v, const std::vector<int32_t>& starts) {
  AttentionReference r;
  const int64_t width = s.heads * s.head_dim, kv_width = s.kv_heads * s.head_dim, ahead = s.key_length - s.query_length;
  r.out.assign(static_cast<size_t>(s.batch * s.query_length * width), 0);
  for (int64_t b = 0; b < s.batch; ++b) {
    for (int64_t h = 0; h < s.heads; ++h) {
      const int64_t kv = h / (s.heads / s.kv_heads);
      for (int64_t i = 0; i < s.query_length; ++i) {
        const size_t row = static_cast<size_t>((b * s.query_length + i) * width + h * s.head_dim);
        Values weights;
        double sum = 0;
        const int64_t first = std::max<int64_t>(starts[static_cast<size_t>(b * s.query_length + i)], s.window > 0 ? i + ahead + 1 - s.window : 0);
        for (int64_t j = first; j <= i + ahead; ++j) {
          const size_t key = static_cast<size_t>((b * s.key_length + j) * kv_width + kv * s.head_dim);
          double score = 0;
          for (int64_t e = 0; e < s.head_dim; ++e) score += q[row + static_cast<size_t>(e)] * k[key + static_cast<size_t>(e)];
          score *= static_cast<double>(s.scale);
          if (s.softcap > 0) score = s.softcap * std::tanh(score / s.softcap);
          weights.push_back(std::exp(score));
          sum += weights.back();
        }
        for (int64_t j = first; j <= i + ahead; ++j) {
          const size_t key = static_cast<size_t>((b * s.key_length + j) * kv_width + kv * s.head_dim);
          for (int64_t e = 0; e < s.head_dim; ++e) {
            r.out[row + static_cast<size_t>(e)] += weights[static_cast<size_t>(j - first)] / sum * v[key + static_cast<size_t>(e)];
          }
        }
        r.lse.push_back(std::log(sum));
      }
    }
  }
  return r;
}

// The gradients are compared along one random direction of (q, k, v), with a central difference of the reference.
void attention(Table& t, int64_t length, int64_t heads, int64_t kv_heads, int64_t head_dim, DType type, int64_t window = 0, float softcap = 0) {
  AttentionShape s;
  s.window = window;
  s.softcap = softcap;
  s.batch = 2;
  s.query_length = s.key_length = length;
  s.heads = heads;
  s.kv_heads = kv_heads;
  s.head_dim = head_dim;
  s.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(head_dim)));
  const Shape wide{s.batch * length, heads * head_dim}, narrow{s.batch * length, kv_heads * head_dim};
  const Sample q = t.random(type, wide, 1.5, 4), k = t.random(type, narrow, 1.5, 2), v = t.random(type, narrow, 1.0, 2),
               out = t.filled(type, wide, 0, 1), lse = t.filled(DType::f32, {1, s.batch * heads * length}, 0),
               dout = t.random(type, wide), dq = t.filled(type, wide, 0), dk = t.filled(type, narrow, 0), dv = t.filled(type, narrow, 0),
               scratch = t.bytes(t.ops.attention_scratch_bytes(s));
  std::vector<int32_t> starts;
  for (int64_t i = 0; i < s.batch * length; ++i) starts.push_back(i % length >= length / 3 ? static_cast<int32_t>(length / 3) : 0);
  const Sample segment = t.list(starts);
  const Values qs = t.values(q), ks = t.values(k), vs = t.values(v), douts = t.values(dout);
  const AttentionReference expected = attend(s, qs, ks, vs, starts);
  const View lse_view = lse;
  t.ops.attention(s, q, k, v, segment, out, &lse_view, scratch);
  const std::string what =
      label("attention", {length, head_dim}, {type}) + " heads " + std::to_string(heads) + "/" + std::to_string(kv_heads) + " window " + std::to_string(window) + (softcap > 0 ? " capped" : "");
  t.compare(what, out, expected.out, 1.0, 2.0);
  t.compare(what + " lse", lse, expected.lse, 1.0, type == DType::bf16 ? 500 : 2);

  t.ops.attention_backward(s, dout, q, k, v, out, segment, lse, dq, dk, dv, scratch);
  const Values towards[] = {t.values(t.random(DType::f32, wide)), t.values(t.random(DType::f32, narrow)),
                            t.values(t.random(DType::f32, narrow))};
  constexpr double kStep = 1e-4;
  const auto loss_at = [&](double step) {
    Values moved[] = {qs, ks, vs};
    for (int part = 0; part < 3; ++part) {
      for (size_t i = 0; i < moved[part].size(); ++i) moved[part][i] += step * towards[part][i];
    }
    const Values outs = attend(s, moved[0], moved[1], moved[2], starts).out;
    double loss = 0;
    for (size_t i = 0; i < outs.size(); ++i) loss += outs[i] * douts[i];
    return loss;
  };
  const double difference = (loss_at(kStep) - loss_at(-kStep)) / (2 * kStep);
  const Values gradients[] = {t.values(dq), t.values(dk), t.values(dv)};
  double slope = 0, size = 0;
  for (int part = 0; part < 3; ++part) {
    for (size_t i = 0; i < gradients[part].size(); ++i) {
      slope += gradients[part][i] * towards[part][i];
      size += std::pow(gradients[part][i] * towards[part][i], 2);
    }
  }
  const double tolerance = (type == DType::bf16 ? 0.05 : 1e-4) * (std::sqrt(size) + 0.1);
  t.expect(std::fabs(slope - difference) <= tolerance,
           what + " backward: slope " + std::to_string(slope) + ", difference " + std::to_string(difference));
}

}  // namespace

void check_products(Table& t) {
  for (const Product product : {Product::f32, Product::bf16}) {
    for (const DType type : kFloatTypes) {
      matmul(t, 1, 1, 1, type, product);
      matmul(t, 3, 17, 33, type, product);
      matmul(t, 65, 100, 64, type, product);
      if (t.thorough) matmul(t, 100, 65, 513, type, product);
      for (const bool turned : {false, true}) {
        nf4_matmul(t, 5, 33, 17, turned, type, product);
        nf4_matmul(t, 33, 64, 100, turned, type, product);
      }
    }
  }
  for (const DType type : kFloatTypes) {
    attention(t, 1, 1, 1, 2, type);
    attention(t, 33, 4, 2, 16, type);
    attention(t, 45, 2, 1, 10, type, 1);
    attention(t, 45, 2, 1, 10, type, 7);
    attention(t, 21, 2, 1, 256, type);  // the widest heads, as Gemma has them
    attention(t, 45, 2, 1, 10, type, 0, 1.5f);
    attention(t, 40, 4, 2, 16, type, 7, 2.0f);
    if (t.thorough) attention(t, 100, 2, 1, 16, type, 40);
    if (t.thorough) attention(t, 100, 2, 1, 64, type);
  }
}

}  // namespace rankwise::selftest
