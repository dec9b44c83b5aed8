#include "events/loqt_merge.h"

#include <cmath>

#include "linalg/subspace.h"

namespace rankwise {

namespace {

Tensor event_tensor(const Context& context, int64_t rows, int64_t cols) { return context.passing(DType::f32, rows, cols, Category::events); }

}  // namespace

LoqtSlot::LoqtSlot(const Context& context, const LoqtSettings& settings, Linear& linear, DType trained_dtype)
    : settings_(settings), linear_(&linear), input_side_(input_side(linear.out, linear.in)) {
  auto delta = std::make_unique<LowRankDelta>();
  delta->rank = std::min(settings.rank, small_side());
  delta->scale = settings.scale;
  const StorageFormat fixed_format{settings.projector_nf4 ? StorageKind::nf4 : StorageKind::dense, context.activation, settings.double_quantize};
  const StorageFormat trained_format{StorageKind::dense, trained_dtype, false};
  linear.delta = std::move(delta);
  fixed().storage = Weight(context, fixed_format, rank(), small_side(), Category::deltas, Lifetime::lasting);
  fixed().transposed = !input_side_;  // both sides store rows of length p
  trained().storage = input_side_ ? Weight(context, trained_format, linear.out, rank(), Category::deltas, Lifetime::lasting)
                                  : Weight(context, trained_format, rank(), linear.in, Category::deltas, Lifetime::lasting);
  context.ops.zero(trained().storage.dense());
}

void LoqtSlot::folded(const Context& context, const WeightSource& source, bool first, const View& to) const {
  if (first) {
    source.fill(context, linear_->name + ".weight", to, false);
  } else {
    linear_->weight.read(context, to);
    linear_->delta->add_to(context, to);
  }
}

void LoqtSlot::visit(const StateVisitor& visitor) const {
  linear_->weight.visit(linear_->name + ".weight", visitor);
  fixed().storage.visit(linear_->name + ".loqt_basis", visitor);
}

void LoqtSlot::begin(const Context& context, bool first) {
  linear_->probing = true;
  linear_->probe_written = false;
  first_ = first;
  if (first || linear_->weight.is_nf4()) return;
  linear_->delta->add_to(context, linear_->weight.dense());
  context.ops.zero(trained().storage.dense());
}

// At the first event the weight as loaded is the quantized original already, and the trained factor is zero.
void LoqtSlot::stand_in(const Context& context) {
  if (first_ || !linear_->weight.is_nf4()) return;
  Tensor full = event_tensor(context, linear_->out, linear_->in);
  linear_->weight.read(context, full);
  linear_->delta->add_to(context, full);
  linear_->stand_in = Weight(context, linear_->weight.format(), linear_->out, linear_->in, Category::events, Lifetime::passing);
  linear_->stand_in.assign(context, full);
}

void LoqtSlot::park(const Context& context) {
  if (!settings_.park) return;
  if (!parked_ && context.arena.real()) parked_ = std::make_unique<Parked>(settings_.park_folder);
  if (parked_) parked_->store(context, linear_->probe_gradient);
  linear_->probe_gradient.reset();
}

void LoqtSlot::unpark(const Context& context) {
  if (!settings_.park || linear_->probe_gradient) return;
  linear_->probe_gradient = event_tensor(context, linear_->out, linear_->in);
  if (parked_) parked_->load(context, linear_->probe_gradient);
}

LayerReport LoqtSlot::rebuild(const Context& context, const WeightSource& source, bool first, const View& basis) {
  LayerReport report{linear_->name, {}};
  linear_->probe_gradient.reset();
  linear_->stand_in = Weight();
  linear_->probing = false;
  parked_.reset();

  Tensor full;
  const bool quantized = linear_->weight.is_nf4();
  if (quantized) {
    full = event_tensor(context, linear_->out, linear_->in);
    folded(context, source, first, full);
  }
  Tensor old_basis = event_tensor(context, rank(), small_side());
  if (!first) fixed().storage.read(context, old_basis);
  fixed().storage.assign(context, basis);
  if (!first) report.figures.emplace_back("subspaceOverlap", subspace_overlap(context, old_basis, basis));
  apply_state_policy(context, old_basis, basis, first);
  old_basis.reset();
  context.ops.zero(trained().storage.dense());
  if (quantized) compensate(context, full, report);
  return report;
}

void LoqtSlot::compensate(const Context& context, const View& full, LayerReport& report) {
  const int64_t r = rank(), m = linear_->out, n = linear_->in;
  const float s = settings_.scale;
  const View& factor = trained().storage.dense();
  const double norm = std::sqrt(context.ops.sum_squares(full));
  auto relative = [&](double squared) { return norm > 0 ? std::sqrt(squared) / norm : 0.0; };
  Tensor work = event_tensor(context, m, n);  // the weight to be quantized, then the residual against the original
  linear_->weight.assign(context, full);
  linear_->weight.read(context, work);
  double best = context.ops.squared_distance(full, work);
  report.figures.emplace_back("quantizationErrorBefore", relative(best));
  if (settings_.compensation > 0) {
    // Rows of the fixed factor as they are used from now on (de-quantized), and the Gram inverse of its pseudo-inverse.
    Tensor fixed_rows = event_tensor(context, r, small_side());
    fixed().storage.read(context, fixed_rows);
    Tensor inverse = event_tensor(context, r, r);
    context.ops.matmul(Operand(fixed_rows), Operand(fixed_rows, true), inverse, Product::f32);
    {
      const uint64_t bytes = context.ops.pseudo_inverse_scratch_bytes(r);
      Tensor scratch;
      if (bytes) scratch = context.passing(DType::u8, 1, static_cast<int64_t>(bytes), Category::events);
      context.ops.pseudo_inverse_symmetric(inverse, inverse, scratch);
    }
    Tensor projected = event_tensor(context, factor.rows, factor.cols);
    Tensor candidate = event_tensor(context, factor.rows, factor.cols);
    Weight trial(context, linear_->weight.format(), m, n, Category::events, Lifetime::passing);
    trial.copy_from(context, linear_->weight);
    Epilogue over_s;
    over_s.alpha = 1.0f / s;
    Epilogue minus_product;
    minus_product.alpha = -s;
    minus_product.add = &work.view();
    for (int c = 0; c < settings_.compensation; ++c) {
      // E = W_fp − deq(Q_c), always against the original.
      trial.read(context, work);
      context.ops.axpby(1.0f, full, -1.0f, work);
      if (input_side_) {
        context.ops.matmul(Operand(work), Operand(fixed_rows, true), projected, Product::f32, over_s);
        context.ops.matmul(Operand(projected), Operand(inverse), candidate, Product::f32);
        context.ops.matmul(Operand(candidate), Operand(fixed_rows), work, Product::f32, minus_product);
      } else {
        context.ops.matmul(Operand(fixed_rows), Operand(work), projected, Product::f32, over_s);
        context.ops.matmul(Operand(inverse), Operand(projected), candidate, Product::f32);
        context.ops.matmul(Operand(fixed_rows, true), Operand(candidate), work, Product::f32, minus_product);
      }
      const double error = context.ops.sum_squares(work);
      if (error < best || !context.arena.real()) {
        best = error;
        linear_->weight.copy_from(context, trial);
        context.ops.copy(candidate, factor);
      }
      if (c + 1 == settings_.compensation) break;
      // W_{c+1} = W_fp − s·product
      context.ops.copy(full, work);
      if (input_side_) {
        context.ops.matmul(Operand(candidate), Operand(fixed_rows), work, Product::f32, minus_product);
      } else {
        context.ops.matmul(Operand(fixed_rows, true), Operand(candidate), work, Product::f32, minus_product);
      }
      trial.assign(context, work);
    }
  }
  report.figures.emplace_back("quantizationErrorAfter", relative(best));
}

void LoqtSlot::apply_state_policy(const Context& context, const View& old_basis, const View& new_basis, bool first) {
  Moments& moments = trained().parameter->rule().moments();
  switch (settings_.state) {
    case StatePolicy::keep: return;
    case StatePolicy::reset_first: return moments.clear_first(context);
    case StatePolicy::reset_all: return moments.clear(context);
    case StatePolicy::rotate: break;
  }
  if (first) return;
  // The trained factor's coordinates along the old rows, expressed along the new ones.
  Tensor change = event_tensor(context, rank(), rank());
  context.ops.matmul(Operand(new_basis), Operand(old_basis, true), change, Product::f32);
  moments.rotate(context, change, !input_side_);
}

}  // namespace rankwise
