// LoQT's merge schedule against the values and counts of the specification, and the learning-rate schedules.
#include <cmath>
#include <vector>

#include "events/schedule.h"
#include "test/check.h"
#include "train/learning_rate.h"

using namespace rankwise;
using test::check;

namespace {

std::vector<int64_t> events_until(const EventSchedule& schedule, int64_t steps) {
  std::vector<int64_t> events;
  for (int64_t at = schedule.next(0); at < steps; at = schedule.next(at + 1)) events.push_back(at);
  check(schedule.steps(steps, events.size() + 1) == events, "the list of events is what one after the other says");
  check(schedule.steps(steps, 3) == std::vector<int64_t>(events.begin(), events.begin() + 3), "the list of events can be bounded");
  return events;
}

void exponential_values() {
  const EventSchedule schedule;
  const std::vector<int64_t> first = {0, 100, 201, 302, 403, 505, 607, 709};
  const auto events = events_until(schedule, 710);
  check(events == first, "first events of the exponential schedule");
  const std::pair<int64_t, size_t> counts[] = {{10000, 40}, {20000, 45}, {60000, 52}, {100000, 55}};
  for (const auto& [steps, count] : counts) {
    check(events_until(schedule, steps).size() == count, "number of events in " + std::to_string(steps) + " steps");
  }
  const auto all = events_until(schedule, 100000);
  check(all.back() - all[all.size() - 2] == 15825, "last gap in 100000 steps");
}

void other_kinds() {
  EventSchedule fixed;
  fixed.kind = "static";
  fixed.interval = 7;
  check(events_until(fixed, 30) == std::vector<int64_t>({0, 7, 14, 21, 28}), "static gaps");
  EventSchedule growing;
  growing.kind = "linear";
  growing.interval = 5;
  growing.increment = 2;
  check(events_until(growing, 40) == std::vector<int64_t>({0, 5, 12, 21, 32}), "linear gaps");
  EventSchedule bounded;
  bounded.interval = 10;
  bounded.growth = 2;
  bounded.largest_gap = 14;
  check(events_until(bounded, 70) == std::vector<int64_t>({0, 10, 22, 36, 50, 64}), "the largest gap bounds the gap, not the step");
}

void learning_rates() {
  const LearningRateSchedule cosine{"cosine", 1e-3, 10, 110, 0.1};
  check(std::abs(cosine.at(0) - 1e-4) < 1e-12 && std::abs(cosine.at(9) - 1e-3) < 1e-12, "linear warm-up");
  check(std::abs(cosine.at(10) - 1e-3) < 1e-12 && std::abs(cosine.at(60) - 0.55e-3) < 1e-9 && std::abs(cosine.at(110) - 1e-4) < 1e-9, "cosine");
  const LearningRateSchedule linear{"linear", 2.0, 0, 10, 0.0};
  check(std::abs(linear.at(5) - 1.0) < 1e-12, "linear");
  const LearningRateSchedule constant{"constant", 3.0, 0, 10, 0.5};
  check(constant.at(9) == 3.0, "constant");
}

}  // namespace

int main() {
  exponential_values();
  other_kinds();
  learning_rates();
  return test::finish();
}
