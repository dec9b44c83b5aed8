// The backward operations against central differences, in double, of the forward formulas.
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include "cpu/backend.h"
#include "test/check.h"

using namespace rankwise;
using rankwise::test::check;

namespace {

using Values = std::vector<double>;
constexpr int64_t kRows = 3, kCols = 22;

std::vector<float> drawn(size_t count, uint64_t purpose, float scale) {
  std::vector<float> x(count);
  for (size_t i = 0; i < count; ++i) x[i] = scale * normal({11, purpose, 0}, i);
  return x;
}
Values wide(const std::vector<float>& x) { return Values(x.begin(), x.end()); }
View matrix(std::vector<float>& x, int64_t rows = kRows) {
  return view_of(x.data(), DType::f32, rows, static_cast<int64_t>(x.size()) / rows);
}

// `gradient` of `loss` by `input`, element by element.
void compare(const std::string& what, const std::vector<float>& gradient, Values input, const std::function<double(const Values&)>& loss) {
  double worst = 0;
  for (size_t i = 0; i < input.size(); ++i) {
    const double kept = input[i], step = 1e-5;
    input[i] = kept + step;
    const double up = loss(input);
    input[i] = kept - step;
    const double down = loss(input);
    input[i] = kept;
    const double difference = (up - down) / (2 * step);
    const double error = std::fabs(difference - static_cast<double>(gradient[i])) / (std::fabs(difference) + 1);
    if (std::isnan(worst) || error <= worst) continue;  // a NaN is the worst
    worst = error;
  }
  check(worst < 1e-5, what + ": off by " + std::to_string(worst));
}

double weighted(const Values& outputs, const std::vector<float>& weights) {
  double sum = 0;
  for (size_t i = 0; i < outputs.size(); ++i) sum += outputs[i] * static_cast<double>(weights[i]);
  return sum;
}

void rmsnorm(Backend& ops) {
  constexpr float kEpsilon = 1e-3f;
  auto x = drawn(kRows * kCols, 1, 1), gamma = drawn(kCols, 2, 1), dy = drawn(kRows * kCols, 3, 1);
  std::vector<float> y(x.size()), rstd(kRows), dx(x.size()), dgamma(kCols), scratch(static_cast<size_t>(ops.threads() * kCols));
  const auto forward = [&](const Values& xs, const Values& gammas) {
    Values out;
    for (int64_t i = 0; i < kRows; ++i) {
      double squares = 0;
      for (int64_t j = 0; j < kCols; ++j) squares += std::pow(xs[static_cast<size_t>(i * kCols + j)], 2);
      for (int64_t j = 0; j < kCols; ++j) {
        out.push_back(xs[static_cast<size_t>(i * kCols + j)] / std::sqrt(squares / kCols + static_cast<double>(kEpsilon)) *
                      gammas[static_cast<size_t>(j)]);
      }
    }
    return weighted(out, dy);
  };
  const View dgamma_view = matrix(dgamma, 1);
  ops.rmsnorm(matrix(x), matrix(gamma, 1), kEpsilon, matrix(y), matrix(rstd, 1));
  ops.rmsnorm_backward(matrix(dy), matrix(x), matrix(gamma, 1), matrix(rstd, 1), nullptr, matrix(dx), &dgamma_view,
                       view_of(scratch.data(), DType::f32, ops.threads(), kCols));
  compare("rmsnorm dx", dx, wide(x), [&](const Values& xs) { return forward(xs, wide(gamma)); });
  compare("rmsnorm dgamma", dgamma, wide(gamma), [&](const Values& gammas) { return forward(wide(x), gammas); });
}

void swiglu(Backend& ops) {
  auto gate = drawn(kRows * kCols, 4, 2), up = drawn(kRows * kCols, 5, 1), dout = drawn(kRows * kCols, 6, 1);
  std::vector<float> dgate(gate.size()), dup(gate.size());
  ops.swiglu_backward(matrix(dout), matrix(gate), matrix(up), matrix(dgate), matrix(dup), nullptr);
  const auto forward = [&](const Values& gates, const Values& ups) {
    Values out;
    for (size_t i = 0; i < gates.size(); ++i) out.push_back(gates[i] / (1 + std::exp(-gates[i])) * ups[i]);
    return weighted(out, dout);
  };
  compare("swiglu dgate", dgate, wide(gate), [&](const Values& gates) { return forward(gates, wide(up)); });
  compare("swiglu dup", dup, wide(up), [&](const Values& ups) { return forward(wide(gate), ups); });
}

void geglu(Backend& ops) {
  auto gate = drawn(kRows * kCols, 4, 2), up = drawn(kRows * kCols, 5, 1), dout = drawn(kRows * kCols, 6, 1);
  std::vector<float> dgate(gate.size()), dup(gate.size());
  ops.geglu_backward(matrix(dout), matrix(gate), matrix(up), matrix(dgate), matrix(dup), nullptr);
  const auto forward = [&](const Values& gates, const Values& ups) {
    Values out;
    for (size_t i = 0; i < gates.size(); ++i) {
      const double x = gates[i];
      out.push_back(x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x))) * ups[i]);
    }
    return weighted(out, dout);
  };
  compare("geglu dgate", dgate, wide(gate), [&](const Values& gates) { return forward(gates, wide(up)); });
  compare("geglu dup", dup, wide(up), [&](const Values& ups) { return forward(wide(gate), ups); });
}

void rope(Backend& ops) {
  constexpr int64_t kHalf = 5;
  constexpr int64_t kWidth = 2 * 2 * kHalf;
  auto x = drawn(kRows * kWidth, 7, 1), dy = drawn(kRows * kWidth, 8, 1), angles = drawn(kRows * kHalf, 9, 3);
  std::vector<float> cos, sin;
  for (const float angle : angles) {
    cos.push_back(std::cos(angle));
    sin.push_back(std::sin(angle));
  }
  std::vector<int32_t> positions = {2, 0, 1};
  auto dx = dy;
  ops.rope(matrix(dx), 2 * kHalf, view_of(positions.data(), DType::i32, 1, kRows), matrix(cos), matrix(sin), true);
  compare("rope back is the gradient of rope", dx, wide(x), [&](const Values& xs) {
    Values out(xs.size());
    for (int64_t i = 0; i < kRows; ++i) {
      for (int64_t h = 0; h < 2; ++h) {
        for (int64_t j = 0; j < kHalf; ++j) {
          const size_t low = static_cast<size_t>(i * kWidth + h * 2 * kHalf + j), high = low + static_cast<size_t>(kHalf);
          const size_t angle = static_cast<size_t>(positions[static_cast<size_t>(i)] * kHalf + j);
          out[low] = xs[low] * static_cast<double>(cos[angle]) - xs[high] * static_cast<double>(sin[angle]);
          out[high] = xs[high] * static_cast<double>(cos[angle]) + xs[low] * static_cast<double>(sin[angle]);
        }
      }
    }
    return weighted(out, dy);
  });
}

void embedding(Backend& ops) {
  auto table = drawn(5 * kCols, 10, 1), dout = drawn(kRows * kCols, 11, 1);
  std::vector<float> dtable(table.size());
  std::vector<int32_t> ids = {4, 1, 4};
  ops.embedding_backward(view_of(ids.data(), DType::i32, 1, kRows), matrix(dout), matrix(dtable, 5));
  compare("embedding", dtable, wide(table), [&](const Values& rows) {
    Values out;
    for (const int32_t id : ids) out.insert(out.end(), rows.begin() + id * kCols, rows.begin() + (id + 1) * kCols);
    return weighted(out, dout);
  });
}

void cross_entropy(Backend& ops) {
  auto logits = drawn(kRows * kCols, 12, 3);
  const Values before = wide(logits);
  std::vector<float> losses(kRows);
  std::vector<int32_t> targets = {21, -100, 0};
  ops.cross_entropy(matrix(logits), view_of(targets.data(), DType::i32, 1, kRows), matrix(losses, 1), true, 0.5f);
  compare("cross_entropy", logits, before, [&](const Values& x) {
    double loss = 0;
    for (size_t i = 0; i < kRows; ++i) {
      if (targets[i] == -100) continue;
      double sum = 0;
      for (size_t j = 0; j < kCols; ++j) sum += std::exp(x[i * kCols + j]);
      loss += 0.5 * (std::log(sum) - x[i * kCols + static_cast<size_t>(targets[i])]);
    }
    return loss;
  });
}

}  // namespace

int main() {
  for (const Isa isa : {Isa::avx2, Isa::avx512, Isa::avx512bf16}) {
    if (isa > processor_isa()) continue;
    Arena arena(Arena::Kind::real, 0);
    CpuBackend ops(arena, 2, isa);
    rmsnorm(ops);
    swiglu(ops);
    geglu(ops);
    rope(ops);
    embedding(ops);
    cross_entropy(ops);
  }
  return test::finish();
}
