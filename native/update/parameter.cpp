#include "update/parameter.h"

namespace rankwise {

Parameter::~Parameter() = default;

void Parameter::ensure_gradient(const Context& context) {
  if (!gradient_) {
    gradient_ = Tensor(context.arena, DType::f32, value_.rows, value_.cols, Category::gradients, kept_ ? Lifetime::lasting : Lifetime::passing);
  }
}

void Parameter::keep_gradient(const Context& context) {
  kept_ = true;
  ensure_gradient(context);
}

const View& Parameter::gradient_to_add(const Context& context) {
  ensure_gradient(context);
  if (!written_) context.ops.zero(gradient_);
  written_ = true;
  return gradient_.view();
}

const View& Parameter::gradient_to_write(const Context& context, bool& add) {
  ensure_gradient(context);
  add = written_;
  written_ = true;
  return gradient_.view();
}

void Parameter::release_gradient() {
  written_ = false;
  if (!kept_) gradient_.reset();
}

AdamStep adam_step(const OptimizerSettings& settings, const Parameter& parameter, const StepInfo& info, const RandomStream& rounding) {
  AdamStep step;
  step.learning_rate = info.learning_rate;
  step.beta1 = settings.beta1;
  step.beta2 = settings.beta2;
  step.epsilon = settings.epsilon;
  step.weight_decay = parameter.decays() ? settings.weight_decay : 0;
  step.gradient_scale = info.gradient_scale;
  if (parameter.value().dtype == DType::bf16) step.rounding = &rounding;
  return step;
}

AdamUpdate::AdamUpdate(const Context& context, const OptimizerSettings& settings, const Parameter& parameter)
    : settings_(settings), moments_(context, settings, parameter.value().rows, parameter.value().cols) {}

void AdamUpdate::apply(const Context& context, Parameter& parameter, const StepInfo& info, EventReport&) {
  const RandomStream rounding{info.seed, hash_name(parameter.name().c_str()), static_cast<uint64_t>(info.step)};
  moments_.step(context, parameter.value(), parameter.gradient(), adam_step(settings_, parameter, info, rounding));
}

void AdamUpdate::visit(const std::string& name, const StateVisitor& visitor) const { moments_.visit(name, visitor); }

}  // namespace rankwise
