#pragma once
#include <atomic>
#include <cstdint>
#include <functional>

#include "core/error.h"

namespace rankwise {

// What whoever started a job asks of it while it runs. Asked from any thread; the job looks when it comes to a good place to end.
class JobControl {
 public:
  void cancel() { cancelled_ = true; }
  void ask_stop() { stop_ = true; }
  void ask_checkpoint() { checkpoint_ = true; }

  bool cancelled() const { return cancelled_; }
  bool stop_asked() const { return stop_; }
  // Answers true once for what was asked since it was last called.
  bool take_checkpoint() { return checkpoint_.exchange(false); }
  // For work that leaves nothing when it is cancelled: throws E_CANCELLED.
  void require_not_cancelled() const {
    if (cancelled_) fail("E_CANCELLED", "The work was cancelled.");
  }

 private:
  std::atomic<bool> cancelled_{false}, stop_{false}, checkpoint_{false};
};

// How far a piece of work has come. What is thrown from it ends the work, which then leaves nothing behind.
using Progress = std::function<void(int64_t done, int64_t total)>;

}  // namespace rankwise
