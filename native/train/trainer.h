#pragma once
#include <atomic>
#include <functional>
#include <nlohmann/json.hpp>

#include "train/run_config.h"

namespace rankwise {

using EventSink = std::function<void(const nlohmann::json&)>;

// Trains a run from its start or, with `resume`, from its newest checkpoint that verifies (from the start where none was written yet,
// with a warning); emits the events of run-file.md and returns
// the `done` event. `cancelled` is looked at after every step: the run then writes a checkpoint and returns with "stopped": true.
// Throws E_BUDGET before anything is allocated, E_NONFINITE when loss or gradient are no longer numbers (the last checkpoint stands).
nlohmann::json train(const RunConfig& config, bool resume, const std::atomic<bool>& cancelled, const EventSink& emit);

}  // namespace rankwise
