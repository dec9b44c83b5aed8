#include <algorithm>
#include <cmath>

#include "ops/selftest_table.h"

namespace rankwise::selftest {
namespace {

using Values = std::vector<double>;

void embedding(Table& t, Shape s, DType table_type, DType type) {
  constexpr int64_t kVocabulary = 11;
  const Sample table = t.random(table_type, {kVocabulary, s.cols}), out = t.filled(type, s, 0, 3), dout = t.random(type, s, 1.0, 3),
               dtable = t.random(DType::f32, {kVocabulary, s.cols});
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < s.rows; ++i) ids.push_back(static_cast<int32_t>(i * i % kVocabulary));
  const Sample id_list = t.list(ids);
  const Values rows = t.values(table), douts = t.values(dout);
  Values outs, dtables = t.values(dtable);
  for (int64_t i = 0; i < s.rows; ++i) {
    for (int64_t j = 0; j < s.cols; ++j) {
      const size_t e = static_cast<size_t>(ids[static_cast<size_t>(i)] * s.cols + j);
      outs.push_back(rows[e]);
      dtables[e] += douts[static_cast<size_t>(i * s.cols + j)];
    }
  }
  t.ops.embedding(id_list, table, out);
  t.compare(label("embedding", s, {table_type, type}), out, outs, 1e-9);
  t.ops.embedding_backward(id_list, dout, dtable);
  t.compare(label("embedding_backward", s, {type}), dtable, dtables, std::sqrt(static_cast<double>(s.rows)));
}

void cross_entropy(Table& t, Shape s, DType type, double spread, int64_t apart) {
  const Sample logits = t.random(type, s, spread, apart), losses = t.filled(DType::f32, {1, s.rows}, 7);
  constexpr double kScale = 0.25;
  std::vector<int32_t> target;
  for (int64_t i = 0; i < s.rows; ++i) target.push_back(i % 3 == 2 ? -100 : static_cast<int32_t>((i * 5 + 1) % s.cols));
  const Sample targets = t.list(target);
  const Values x = t.values(logits);
  Values expected_losses, gradients;
  for (int64_t i = 0; i < s.rows; ++i) {
    const double* row = x.data() + i * s.cols;
    const double most = *std::max_element(row, row + s.cols);
    const int32_t chosen = target[static_cast<size_t>(i)];
    double sum = 0;
    for (int64_t j = 0; j < s.cols; ++j) sum += std::exp(row[j] - most);
    expected_losses.push_back(chosen == -100 ? 0 : std::log(sum) + most - row[chosen]);
    for (int64_t j = 0; j < s.cols; ++j) {
      gradients.push_back(chosen == -100 ? 0 : kScale * (std::exp(row[j] - most) / sum - (j == chosen ? 1 : 0)));
    }
  }
  t.ops.cross_entropy(logits, targets, losses, false, 1.0f);
  t.compare(label("cross_entropy", s, {type}), losses, expected_losses);
  t.compare(label("cross_entropy leaves the logits", s, {type}), logits, x, 1e-9);
  t.ops.cross_entropy(logits, targets, losses, true, static_cast<float>(kScale));
  t.compare(label("cross_entropy with gradient", s, {type}), losses, expected_losses);
  t.compare(label("cross_entropy gradient", s, {type}), logits, gradients, 1e-3, 4.0);
}

void softcap(Table& t, Shape s, DType type, float cap, int64_t apart) {
  const Sample x = t.random(type, s, 2 * static_cast<double>(cap), apart), dy = t.random(type, s, 1.0, apart);
  const Values xs = t.values(x), dys = t.values(dy);
  Values ys, dxs;
  for (const double value : xs) ys.push_back(cap * std::tanh(value / cap));
  t.ops.softcap(x, cap);
  t.compare(label("softcap", s, {type}) + " " + std::to_string(cap), x, ys);
  const Values rounded = t.values(x);
  for (size_t i = 0; i < dys.size(); ++i) dxs.push_back(dys[i] * (1 - rounded[i] / cap * (rounded[i] / cap)));
  t.ops.softcap_backward(x, cap, dy);
  t.compare(label("softcap_backward", s, {type}) + " " + std::to_string(cap), dy, dxs);
}

}  // namespace

void check_tokens(Table& t) {
  for (const Shape s : t.shapes()) {
    for (const DType type : kFloatTypes) {
      embedding(t, s, type, DType::f32);
      embedding(t, s, type, DType::bf16);
      softcap(t, s, type, 30.0f, 0);
      softcap(t, s, type, 0.75f, 3);
    }
  }
  for (const int64_t cols : {1, 3, 17, 33, 1000, t.thorough ? 32001 : 2049}) {
    for (const DType type : kFloatTypes) {
      cross_entropy(t, {5, cols}, type, 6.0, 0);
      cross_entropy(t, {4, cols}, type, 90.0, 3);
    }
  }
}

}  // namespace rankwise::selftest
