#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "train/session.h"

namespace rankwise {

struct SavedCheckpoint {
  std::string path;
  std::string hash;  // SHA-256 of the state file
};

// Writes `run_dir`/checkpoints/step-NNNNNNNN with everything that training has changed, and removes all but the newest `keep`.
// `progress` is what the trainer wants back on resume.
SavedCheckpoint write_checkpoint(Session& session, const std::string& run_dir, int64_t step, const std::string& record, nlohmann::json progress, int64_t keep);

struct Resumed {
  int64_t step = 0;
  nlohmann::json progress;
  std::string path;
  std::vector<std::string> rejected;  // newer checkpoints that did not verify, with the reason
  bool of_parent = false;             // written by the run that this one was forked from
};

// Loads the newest checkpoint that verifies into the session. It must be of `record` or, for a fork, of `parent_record` (empty = none).
// Throws E_CHECKPOINT if there is none, if it is of neither, or if its tensors are not exactly the session's, naming those that are not.
Resumed load_newest_checkpoint(Session& session, const std::string& run_dir, const std::string& record, const std::string& parent_record);

}  // namespace rankwise
