#include "ops/adam_constants.h"

#include <cmath>

#include "ops/ops.h"

namespace rankwise {

AdamConstants adam_constants(const AdamStep& step) {
  const double t = static_cast<double>(step.t);
  const double correction1 = 1.0 - std::pow(static_cast<double>(step.beta1), t);
  const double correction2 = 1.0 - std::pow(static_cast<double>(step.beta2), t);
  AdamConstants c{};
  c.gradient_scale = step.gradient_scale;
  c.beta1 = step.beta1;
  c.rest1 = static_cast<float>(1.0 - static_cast<double>(step.beta1));
  c.beta2 = step.beta2;
  c.rest2 = static_cast<float>(1.0 - static_cast<double>(step.beta2));
  c.m_scale = static_cast<float>(step.epsilon_inside ? std::sqrt(correction2) / correction1 : 1.0 / correction1);
  c.v_scale = static_cast<float>(step.epsilon_inside ? 1.0 : 1.0 / correction2);
  c.epsilon = step.epsilon;
  c.decay = static_cast<float>(1.0 - static_cast<double>(step.learning_rate) * static_cast<double>(step.weight_decay));
  c.rate = step.learning_rate;
  c.stochastic = step.rounding != nullptr;
  if (step.rounding) {
    c.stream_key = stream_key(*step.rounding);
    c.stream_step = step.rounding->step;
  }
  return c;
}

}  // namespace rankwise
