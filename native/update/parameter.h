#pragma once
#include <memory>
#include <string>

#include "core/context.h"
#include "core/state_visitor.h"
#include "optim/moments.h"

namespace rankwise {

class UpdateRule;

// A tensor that is trained: where its value lies, its gradient (f32, summed over the micro-batches of a step), its update rule.
class Parameter {
 public:
  // `unit`: 0 = embedding, 1…L = decoder blocks, L + 1 = final norm and head. Weight decay is for matrices, not for norms and biases.
  Parameter(std::string name, const View& value, int unit, bool decays) : name_(std::move(name)), value_(value), unit_(unit), decays_(decays) {}
  ~Parameter();

  const std::string& name() const { return name_; }
  const View& value() const { return value_; }
  int unit() const { return unit_; }
  bool decays() const { return decays_; }

  // Takes the gradient's memory for the whole run. Without it the gradient exists from its first use to release_gradient().
  void keep_gradient(const Context& context);
  // For operations that add to the gradient: zeroed on first use in a step.
  const View& gradient_to_add(const Context& context);
  // For products that can overwrite: `add` tells whether something is there already.
  const View& gradient_to_write(const Context& context, bool& add);
  bool has_gradient() const { return written_; }
  const View& gradient() const { return gradient_.view(); }
  void release_gradient();

  void set_rule(std::unique_ptr<UpdateRule> rule) { rule_ = std::move(rule); }
  UpdateRule& rule() { return *rule_; }

 private:
  void ensure_gradient(const Context& context);
  std::string name_;
  View value_;
  int unit_;
  bool decays_;
  bool kept_ = false;
  bool written_ = false;
  Tensor gradient_;
  std::unique_ptr<UpdateRule> rule_;
};

struct EventReport;

// How a parameter follows its gradient.
class UpdateRule {
 public:
  virtual ~UpdateRule() = default;
  // Uses the parameter's gradient (already known to be finite) and may record what it rebuilt in `events`.
  virtual void apply(const Context& context, Parameter& parameter, const StepInfo& info, EventReport& events) = 0;
  virtual void visit(const std::string& name, const StateVisitor& visitor) const = 0;
  virtual Moments& moments() = 0;
};

// AdamW on the parameter itself.
class AdamUpdate : public UpdateRule {
 public:
  AdamUpdate(const Context& context, const OptimizerSettings& settings, const Parameter& parameter);
  void apply(const Context& context, Parameter& parameter, const StepInfo& info, EventReport& events) override;
  void visit(const std::string& name, const StateVisitor& visitor) const override;
  Moments& moments() override { return moments_; }

 private:
  OptimizerSettings settings_;
  Moments moments_;
};

// The Adam hyper-parameters of this step for this parameter. `rounding` must outlive the result.
AdamStep adam_step(const OptimizerSettings& settings, const Parameter& parameter, const StepInfo& info, const RandomStream& rounding);

}  // namespace rankwise
