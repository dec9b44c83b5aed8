#include "update/galore.h"

#include <algorithm>

#include "events/report.h"
#include "linalg/subspace.h"

namespace rankwise {

namespace {
Moments projected_moments(const Context& context, const OptimizerSettings& optimizer, const View& value, int64_t rank) {
  return input_side(value.rows, value.cols) ? Moments(context, optimizer, value.rows, rank) : Moments(context, optimizer, rank, value.cols);
}
}  // namespace

GaloreUpdate::GaloreUpdate(const Context& context, const OptimizerSettings& optimizer, const GaloreSettings& settings, const Parameter& parameter)
    : optimizer_(optimizer), settings_(settings), input_side_(input_side(parameter.value().rows, parameter.value().cols)) {
  const View& value = parameter.value();
  const int64_t small = std::min(value.rows, value.cols);
  settings_.rank = std::min(settings_.rank, small);
  basis_ = context.lasting(context.activation, settings_.rank, small, Category::optimizer);
  context.ops.zero(basis_);
  moments_ = projected_moments(context, optimizer, value, settings_.rank);
}

void GaloreUpdate::refresh(const Context& context, const Parameter& parameter, const StepInfo& info, EventReport& events) {
  Tensor fresh = context.passing(DType::f32, basis_.view().rows, basis_.view().cols, Category::events);
  const SubspaceTask task{parameter.gradient(), fresh, hash_name(parameter.name().c_str())};
  top_subspaces(context, std::span(&task, 1), info.seed + static_cast<uint64_t>(info.step));
  LayerReport report{parameter.name(), {}};
  if (info.step > 0) report.figures.emplace_back("subspaceOverlap", subspace_overlap(context, basis_, fresh));
  context.ops.copy(fresh, basis_);
  events.kind = "refresh";
  events.layers.push_back(std::move(report));
}

void GaloreUpdate::apply(const Context& context, Parameter& parameter, const StepInfo& info, EventReport& events) {
  if (info.step % settings_.interval == 0) refresh(context, parameter, info, events);
  const View& value = parameter.value();
  const View& gradient = parameter.gradient();
  const int64_t rows = input_side_ ? value.rows : settings_.rank, cols = input_side_ ? settings_.rank : value.cols;
  Tensor projected = context.passing(DType::f32, rows, cols, Category::workspace);
  if (input_side_) {
    context.ops.matmul(Operand(gradient), Operand(basis_, true), projected, context.product);
  } else {
    context.ops.matmul(Operand(basis_), Operand(gradient), projected, context.product);
  }
  const RandomStream rounding{};
  AdamStep step = adam_step(optimizer_, parameter, info, rounding);
  step.rounding = nullptr;
  step.epsilon_inside = true;
  moments_.direction(context, projected, projected, step);
  Epilogue epilogue;
  epilogue.alpha = -info.learning_rate * settings_.scale;
  epilogue.add = &value;
  if (input_side_) {
    context.ops.matmul(Operand(projected), Operand(basis_), value, context.product, epilogue);
  } else {
    context.ops.matmul(Operand(basis_, true), Operand(projected), value, context.product, epilogue);
  }
  if (step.weight_decay > 0) context.ops.axpby(0, value, 1.0f - info.learning_rate * step.weight_decay, value);
}

void GaloreUpdate::visit(const std::string& name, const StateVisitor& visitor) const {
  visitor(name + ".basis", basis_);
  moments_.visit(name, visitor);
}

}  // namespace rankwise
