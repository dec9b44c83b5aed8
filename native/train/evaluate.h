#pragma once
#include "core/job_control.h"
#include "train/token_data.h"

namespace rankwise {

struct EvalResult {
  double loss = 0;     // mean over the predictions that count
  int64_t tokens = 0;  // how many these are
};

// Hidden states of the last block [N × d] for a batch (before the final norm).
Tensor hidden_states(const Context& context, const Model& model, const Batch& batch);

// Mean loss over the sequences that `order` set aside, or over the whole file where order is null. `batches` > 0 bounds the work.
// On meta `file` may be null: one batch is gone through for its sizes. `progress` counts the predictions.
EvalResult evaluate(const Context& context, Model& model, BatchBuffer& buffer, const View& losses, const TokenFile* file,
                    const SequenceOrder* order, int64_t batches, const Progress& progress = {});

}  // namespace rankwise
