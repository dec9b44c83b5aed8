#pragma once
#include <functional>
#include <nlohmann/json.hpp>

#include "core/job_control.h"
#include "train/run_config.h"

namespace rankwise {

using EventSink = std::function<void(const nlohmann::json&)>;

// Trains a run from its start or, with `resume`, from its newest checkpoint that verifies (from the start where none was written yet,
// with a warning); emits the events of run-file.md and returns
// the `done` event. `control` is looked at after every step. Cancelled, the run writes a checkpoint and returns with "stopped": true;
// asked to stop, it evaluates, saves what it has come to and returns with "stoppedEarly": true; asked for a checkpoint, it writes one.
// A fork (config.parent_record) never starts over: it goes on from its parent's checkpoint or from one of its own.
// Throws E_BUDGET before anything is allocated, E_NONFINITE when loss or gradient are no longer numbers (the last checkpoint stands).
nlohmann::json train(const RunConfig& config, bool resume, JobControl& control, const EventSink& emit);

}  // namespace rankwise
