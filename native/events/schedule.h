#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace rankwise {

// When a method's events happen, in optimizer steps, step 0 included.
// exponential (LoQT): gaps τ, then τ + ⌊ψᵏ⌋ for k = 1, 2, …; static: τ; linear: τ, τ + increment, τ + 2·increment, …
// `largest_gap` > 0 bounds the gap (not the step index).
struct EventSchedule {
  std::string kind = "exponential";
  int64_t interval = 100;
  double growth = 1.2;
  int64_t increment = 0;
  int64_t largest_gap = 0;

  int64_t next(int64_t from) const;    // the first event at a step ≥ from
  std::vector<int64_t> steps(int64_t end, size_t most) const;  // the first `most` events at steps below `end`
  int64_t gap(int64_t index) const;    // between event `index` and the next
};

}  // namespace rankwise
