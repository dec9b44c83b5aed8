#include "events/schedule.h"

#include <algorithm>
#include <cmath>

namespace rankwise {

int64_t EventSchedule::gap(int64_t index) const {
  int64_t gap = interval;
  if (kind == "exponential" && index > 0) {
    // Beyond this bound no run ever gets, and the power would leave the integers.
    gap += static_cast<int64_t>(std::min(std::floor(std::pow(growth, static_cast<double>(index))), 1e15));
  } else if (kind == "linear") {
    gap += index * increment;
  }
  if (largest_gap > 0) gap = std::min(gap, largest_gap);
  return std::max<int64_t>(gap, 1);
}

int64_t EventSchedule::next(int64_t from) const {
  int64_t at = 0;
  for (int64_t index = 0; at < from; ++index) at += gap(index);
  return at;
}

std::vector<int64_t> EventSchedule::steps(int64_t end, size_t most) const {
  std::vector<int64_t> steps;
  for (int64_t at = 0, index = 0; at < end && steps.size() < most; at += gap(index++)) steps.push_back(at);
  return steps;
}

}  // namespace rankwise
