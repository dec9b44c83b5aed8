#pragma once
#include "update/parameter.h"

namespace rankwise {

struct GaloreSettings {
  int64_t rank = 128;
  int64_t interval = 200;  // steps between new subspaces
  float scale = 0.25f;
};

// GaLore (Zhao et al. 2024): Adam runs on the gradient projected to its leading subspace; W ← W − η·α·↑(u), then decay. The
// subspace is renewed when step % interval == 0 and the moments stay as they are.
class GaloreUpdate : public UpdateRule {
 public:
  GaloreUpdate(const Context& context, const OptimizerSettings& optimizer, const GaloreSettings& settings, const Parameter& parameter);
  void apply(const Context& context, Parameter& parameter, const StepInfo& info, EventReport& events) override;
  void visit(const std::string& name, const StateVisitor& visitor) const override;
  Moments& moments() override { return moments_; }

 private:
  void refresh(const Context& context, const Parameter& parameter, const StepInfo& info, EventReport& events);
  OptimizerSettings optimizer_;
  GaloreSettings settings_;
  bool input_side_;
  Tensor basis_;  // [r × min(m, n)]
  Moments moments_;
};

}  // namespace rankwise
