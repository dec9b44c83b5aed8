#include "train/learning_rate.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rankwise {

double LearningRateSchedule::at(int64_t step) const {
  if (step < warmup) return base * static_cast<double>(step + 1) / static_cast<double>(warmup);
  if (name == "constant") return base;
  const double left = static_cast<double>(std::max<int64_t>(1, steps - warmup));
  const double progress = std::min(1.0, static_cast<double>(step - warmup) / left);
  const double falling = name == "linear" ? 1.0 - progress : 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
  return base * (minimum_ratio + (1.0 - minimum_ratio) * falling);
}

}  // namespace rankwise
