// The checks of LoQT's specification: gradient identity, equality with GaLore between merges, compensation, and merges that leave an
// unquantized layer's function alone.
#include <cmath>

#include "cpu/backend.h"
#include "events/loqt_merge.h"
#include "linalg/subspace.h"
#include "test/check.h"
#include "update/parameter.h"

using namespace rankwise;
using test::check;

namespace {

struct Bench {
  Arena arena{Arena::Kind::real, 0};
  CpuBackend ops{arena, 2};
  Context context{ops, arena, Product::f32, DType::f32};
  uint64_t drawn = 0;

  Tensor zeros(int64_t rows, int64_t cols) {
    Tensor t = context.lasting(DType::f32, rows, cols, Category::workspace);
    ops.zero(t);
    return t;
  }
  Tensor normal(int64_t rows, int64_t cols) {
    Tensor t = zeros(rows, cols);
    ops.fill_normal(t, 1.0f, {11, ++drawn, 0});
    return t;
  }
  double distance(const View& a, const View& b) { return std::sqrt(ops.squared_distance(a, b)); }
  double norm(const View& a) { return std::sqrt(ops.sum_squares(a)); }
};

// Gives one layer's original weight.
class OneMatrix : public WeightSource {
 public:
  explicit OneMatrix(const View& values) : values_(values) {}
  void fill(const Context& context, const std::string&, const View& to, bool) const override { context.ops.copy(values_, to); }

 private:
  View values_;
};

// A linear layer with LoQT attached, as the method makes it.
struct Layer {
  Linear linear;
  std::unique_ptr<Parameter> parameter;
  std::unique_ptr<LoqtSlot> slot;
  Tensor original;

  Layer(Bench& b, int64_t out, int64_t in, StorageKind storage, const LoqtSettings& settings) : original(b.normal(out, in)) {
    linear.name = "layer";
    linear.out = out;
    linear.in = in;
    linear.weight = Weight(b.context, {storage, DType::f32, settings.double_quantize}, out, in, Category::weights, Lifetime::lasting);
    linear.weight.assign(b.context, original);
    slot = std::make_unique<LoqtSlot>(b.context, settings, linear, DType::f32);
    Factor& factor = slot->trained();
    parameter = std::make_unique<Parameter>("layer.factor", factor.storage.dense(), 1, false);
    factor.parameter = parameter.get();
    parameter->set_rule(std::make_unique<AdamUpdate>(b.context, OptimizerSettings(), *parameter));
  }

  // A whole event on a given gradient.
  LayerReport event(Bench& b, const View& gradient, bool first) {
    const OneMatrix source(original);
    slot->begin(b.context, first);
    linear.probe_gradient = b.context.passing(DType::f32, linear.out, linear.in, Category::events);
    b.ops.copy(gradient, linear.probe_gradient);
    Tensor basis = b.zeros(slot->rank(), slot->small_side());
    const SubspaceTask task{slot->probe_gradient(), basis, 1};
    top_subspaces(b.context, std::span(&task, 1), 1);
    return slot->rebuild(b.context, source, first, basis);
  }
};

LoqtSettings settings_of(int64_t rank, int compensation, bool projector_nf4 = false) {
  LoqtSettings settings;
  settings.rank = rank;
  settings.scale = 0.5f;
  settings.compensation = compensation;
  settings.projector_nf4 = projector_nf4;
  return settings;
}

double figure(const LayerReport& report, const std::string& name) {
  for (const auto& [key, value] : report.figures) {
    if (key == name) return value;
  }
  return NAN;
}

const std::pair<int64_t, int64_t> kShapes[] = {{64, 64}, {48, 20}, {20, 48}, {33, 65}};

void gradient_identity() {
  Bench b;
  for (const auto& [out, in] : kShapes) {
    Layer layer(b, out, in, StorageKind::dense, settings_of(6, 0));
    layer.event(b, b.normal(out, in), true);
    const int64_t n = 37;
    const Tensor x = b.normal(n, in), dy = b.normal(n, out), y = b.zeros(n, out);
    Tensor u = layer.linear.make_u(b.context, n);
    layer.linear.forward(b.context, x, y, u);
    std::vector<Term> terms;
    const Tensor v = layer.linear.input_gradient_terms(b.context, dy, terms);
    layer.linear.parameter_gradients(b.context, dy, x, u, v);
    const Tensor dense = b.zeros(out, in);
    b.ops.matmul(Operand(dy, true), Operand(x), dense, Product::f32);
    const View& got = layer.parameter->gradient();
    const Tensor expected = b.zeros(got.rows, got.cols);
    Epilogue scaled;
    scaled.alpha = 0.5f;
    const bool left = input_side(out, in);
    if (left) {
      b.ops.matmul(Operand(dense), layer.linear.delta->a.operand(true), expected, Product::f32, scaled);
    } else {
      b.ops.matmul(layer.linear.delta->b.operand(true), Operand(dense), expected, Product::f32, scaled);
    }
    check(b.distance(got, expected) <= 1e-5 * b.norm(expected) && b.norm(expected) > 0, "∂L/∂B = s·G·Aᵀ");
  }
}

void equals_galore_between_events() {
  Bench b;
  for (const auto& [out, in] : kShapes) {
    const bool left = input_side(out, in);
    Layer layer(b, out, in, StorageKind::dense, settings_of(5, 0));
    layer.event(b, b.normal(out, in), true);
    const Operand basis = left ? layer.linear.delta->a.operand(false) : layer.linear.delta->b.operand(true);
    OptimizerSettings adam;
    const View& factor = layer.parameter->value();
    Moments moments(b.context, adam, factor.rows, factor.cols);
    const Tensor galore = b.zeros(out, in), projected = b.zeros(factor.rows, factor.cols);
    layer.linear.weight.read(b.context, galore);
    const float s = 0.5f, eta = 0.01f;
    AdamStep step;
    step.learning_rate = eta;
    step.epsilon = 0;
    Moments loqt(b.context, adam, factor.rows, factor.cols);
    for (int t = 0; t < 20; ++t) {
      const Tensor g = b.normal(out, in);
      if (left) {
        b.ops.matmul(Operand(g), Operand(basis.dense, true), projected, Product::f32);
      } else {
        b.ops.matmul(Operand(basis.dense), Operand(g), projected, Product::f32);
      }
      // LoQT: Adam on the factor with the gradient s·↓(G).
      Tensor scaled = b.zeros(factor.rows, factor.cols);
      b.ops.axpby(s, projected, 0, scaled);
      loqt.step(b.context, factor, scaled, step);
      // GaLore: W ← W − η·s·↑(Adam(↓(G))).
      moments.direction(b.context, projected, projected, step);
      Epilogue subtract;
      subtract.alpha = -eta * s;
      subtract.add = &galore.view();
      if (left) {
        b.ops.matmul(Operand(projected), Operand(basis.dense), galore, Product::f32, subtract);
      } else {
        b.ops.matmul(Operand(basis.dense, true), Operand(projected), galore, Product::f32, subtract);
      }
    }
    const Tensor effective = b.zeros(out, in);
    layer.linear.read_effective(b.context, effective);
    check(b.distance(effective, galore) <= 2e-6 * b.norm(galore), "LoQT with scale s is GaLore with scale s between events");
    check(b.distance(effective, layer.original) > 1e-3 * b.norm(galore), "and both have moved");
  }
}

void compensation_never_worse() {
  Bench b;
  for (const auto& [out, in] : kShapes) {
    for (const bool projector_nf4 : {false, true}) {
      double previous = INFINITY;
      const Tensor gradient = b.normal(out, in);
      for (const int rounds : {0, 1, 2, 3, 5}) {
        b.drawn = 1000;  // the same weight for every number of rounds
        Layer layer(b, out, in, StorageKind::nf4, settings_of(12, rounds, projector_nf4));
        const LayerReport report = layer.event(b, gradient, true);
        const double before = figure(report, "quantizationErrorBefore"), after = figure(report, "quantizationErrorAfter");
        check(after <= before && after <= previous * (1 + 1e-6), "more rounds of compensation are never worse");
        check(rounds == 0 || after < before, "and one round already helps");
        const Tensor effective = b.zeros(out, in);
        layer.linear.read_effective(b.context, effective);
        const double actual = b.distance(effective, layer.original) / b.norm(layer.original);
        check(std::abs(actual - after) < 1e-5, "the error told is the error of the layer");
        previous = after;
      }
    }
  }
}

// The figures of the specification's example: 64 × 64 Gaussian, an orthonormal factor of rank 16, 5.97 → 5.20 … 4.31 on average.
void compensation_example() {
  Bench b;
  double before = 0, after[6] = {};
  const int draws = 20;
  for (int draw = 0; draw < draws; ++draw) {
    const Tensor gradient = b.normal(64, 64);
    const uint64_t seed = 5000 + static_cast<uint64_t>(draw);
    for (int rounds = 1; rounds <= 5; ++rounds) {
      b.drawn = seed;
      Layer layer(b, 64, 64, StorageKind::nf4, settings_of(16, rounds));
      const LayerReport report = layer.event(b, gradient, true);
      const double norm = b.norm(layer.original);
      after[rounds] += figure(report, "quantizationErrorAfter") * norm / draws;
      if (rounds == 1) before += figure(report, "quantizationErrorBefore") * norm / draws;
    }
    b.drawn = 100000 + static_cast<uint64_t>(draw);
  }
  const double told[6] = {0, 5.20, 4.72, 4.51, 4.40, 4.34};
  check(std::abs(before - 5.97) < 0.15, "quantization error of the example");
  for (int rounds = 1; rounds <= 5; ++rounds) check(std::abs(after[rounds] - told[rounds]) < 0.15, "after " + std::to_string(rounds) + " rounds: " + std::to_string(after[rounds]));
}

void exact_at_full_rank() {
  Bench b;
  for (const auto& [out, in] : kShapes) {
    Layer layer(b, out, in, StorageKind::nf4, settings_of(std::min(out, in), 1));
    const LayerReport report = layer.event(b, b.normal(out, in), true);
    check(figure(report, "quantizationErrorAfter") < 1e-5, "a full-rank factor takes up the whole error");
  }
}

void unquantized_merge_keeps_the_function() {
  Bench b;
  for (const auto& [out, in] : kShapes) {
    Layer layer(b, out, in, StorageKind::dense, settings_of(7, 5));
    layer.event(b, b.normal(out, in), true);
    b.ops.fill_normal(layer.parameter->value(), 0.3f, {5, 5, 5});
    const Tensor before = b.zeros(out, in), after = b.zeros(out, in);
    layer.linear.read_effective(b.context, before);
    layer.event(b, b.normal(out, in), false);
    layer.linear.read_effective(b.context, after);
    check(b.distance(before, layer.original) > 0.1, "the factor had an effect");
    check(b.distance(before, after) <= 1e-6 * b.norm(before), "a merge without quantization leaves the function unchanged");
    check(b.norm(layer.parameter->value()) == 0, "and starts the factor from zero");
  }
}

void subspaces_by_both_ways_agree() {
  Bench b;
  // Beyond the Gram limit on its smaller side; a spectrum that falls, as gradients' do.
  const int64_t p = kGramLimit + 8, q = p + 30, r = 6;
  const Tensor left = b.normal(q, 24), right = b.normal(24, p), g = b.zeros(q, p), basis = b.zeros(r, p);
  for (int64_t i = 0; i < 24; ++i) b.ops.axpby(0, left.view().col_range(i, 1), std::pow(0.7f, static_cast<float>(i)), left.view().col_range(i, 1));
  b.ops.matmul(Operand(left), Operand(right), g, Product::f32);
  const SubspaceTask task{g, basis, 1};
  top_subspaces(b.context, std::span(&task, 1), 1);
  const Tensor inside = b.zeros(q, r);
  b.ops.matmul(Operand(g), Operand(basis, true), inside, Product::f32);
  const Tensor identity = b.zeros(r, r);
  b.ops.matmul(Operand(basis), Operand(basis, true), identity, Product::f32);
  check(std::abs(b.ops.sum_squares(identity) - static_cast<double>(r)) < 1e-4, "the basis is orthonormal");
  check(b.ops.sum_squares(inside) > 0.95 * b.ops.sum_squares(g), "and holds most of the gradient");
}

}  // namespace

int main() {
  gradient_identity();
  equals_galore_between_events();
  compensation_never_worse();
  compensation_example();
  exact_at_full_rank();
  unquantized_merge_keeps_the_function();
  subspaces_by_both_ways_agree();
  return test::finish();
}
