#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/arena.h"
#include "train/run_config.h"

namespace rankwise {

// What a run will need, from the trainer itself run on `meta`.
struct MemoryPlan {
  uint64_t plan_bytes = 0;
  std::map<std::string, uint64_t> by_category;  // what lives at the peak; "unused" are holes below it
  std::map<std::string, uint64_t> by_phase;     // peak of load, step, event, evaluation, sample, save
  uint64_t outside_bytes = 0;  // resident now without the run: runtime, libraries
  uint64_t host_bytes = 0;     // page-locked memory of the host beside a card, for what is parked there; not part of plan_bytes
  uint64_t budget_bytes = 0;   // 0 = none
  bool recompute = false;      // what "auto" came to
  std::string event_kind;
  std::vector<int64_t> event_steps;  // at which the method's schedule acts; the first 10,000
  double operations_per_step = 0;
  struct Suggestion {
    std::string change;
    uint64_t saves = 0;
  };
  std::vector<Suggestion> suggestions;  // only where the plan does not fit

  bool fits() const { return budget_bytes == 0 || plan_bytes <= budget_bytes; }
  nlohmann::json to_json() const;
};

// Throws whatever the run itself would throw before its first step.
MemoryPlan make_plan(const RunConfig& config);

// Throws E_BUDGET with the figures and the suggestions that would make the run fit.
void require_fit(const MemoryPlan& plan);

std::map<std::string, uint64_t> category_bytes(const ArenaUsage& usage);

}  // namespace rankwise
