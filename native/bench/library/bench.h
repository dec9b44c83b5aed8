#pragma once
#include <functional>
#include <nlohmann/json.hpp>

#include "train/trainer.h"

namespace rankwise {

// One benchmark of {kind: "bench", what, …}: "step" (a training step of a preset) or one of the parts, "products", "attention", "head",
// "quantize", "subspace". Emits {type: "progress", …} between repetitions. Throws E_JOB for an unknown one.
nlohmann::json bench_job(const nlohmann::json& job, const JobControl& control, const EventSink& emit);

nlohmann::json bench_step(const nlohmann::json& job, const JobControl& control, const EventSink& emit);
nlohmann::json bench_parts(const std::string& what, const nlohmann::json& job);

// Seconds of one call: the median and the least of `repeats` after one call to warm up.
struct Timing {
  double median = 0;
  double least = 0;
};
Timing time_calls(int repeats, const std::function<void()>& call);

}  // namespace rankwise
