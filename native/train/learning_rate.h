#pragma once
#include <cstdint>
#include <string>

namespace rankwise {

// Learning rate over the steps: linear warm-up ((i + 1) / warm-up), then constant, linear or cosine from 1 down to `minimum_ratio`
// over what is left.
struct LearningRateSchedule {
  std::string name = "cosine";
  double base = 1e-3;
  int64_t warmup = 0;
  int64_t steps = 1;
  double minimum_ratio = 0;

  double at(int64_t step) const;
};

}  // namespace rankwise
