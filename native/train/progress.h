#pragma once
#include "core/job_control.h"
#include "train/trainer.h"

namespace rankwise {

// Progress told as events {type: "progress", done, total}; a cancelled job ends at the next of them. Both must outlive the result.
inline Progress progress_events(const JobControl& control, const EventSink& emit) {
  return [&control, &emit](int64_t done, int64_t total) {
    control.require_not_cancelled();
    emit({{"type", "progress"}, {"done", done}, {"total", total}});
  };
}

}  // namespace rankwise
