#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "core/job_control.h"
#include "model/gguf_export.h"

namespace rankwise {

// Opens a GGUF file that was written by `plan` with the reader, takes every tensor back to the model's order by the reader's own
// mapping, and compares it with the model: F32 bit for bit, F16 and BF16 correctly rounded, blocks within block_bound; the shape that its
// keys describe, and every key, too. Answers {bytes, sha256, keys, tensors, types: [{type, tensors, bytes, maxError, relativeError}]}.
// Throws E_RECEIPT naming the first thing that differs. `progress` counts tensors.
nlohmann::json prove_gguf(const Context& context, ThreadPool& pool, const StreamedModel& model, const GgufPlan& plan, const std::string& path, const Progress& progress);

}  // namespace rankwise
