#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/job_control.h"
#include "core/thread_pool.h"
#include "io/gguf.h"
#include "model/streamed_model.h"
#include "quant/gguf_mix.h"

namespace rankwise {

// What the GGUF file of a model will hold, known before a weight is read.
struct GgufPlan {
  struct Item {
    GgufTensor tensor;
    std::vector<const StreamedModel::Entry*> from;  // whose rows it has, one below the other; none: `values` is what it holds
    std::vector<float> values;
    int64_t heads = 0;  // gguf_heads of what it is from
  };
  GgufMetadata metadata;
  std::vector<Item> items;

  std::vector<GgufTensor> tensors() const;
  uint64_t bytes() const { return gguf_bytes(metadata, tensors()); }
  std::map<std::string, int64_t> types() const;  // how many tensors have which
};

// `more`: keys of the tokenizer and what else is said of the model; they follow the keys of its shape. `model` outlives the plan.
// Throws E_UNSUPPORTED for what the format's readers would compute otherwise.
GgufPlan plan_gguf(const StreamedModel& model, GgufPreset preset, const GgufMetadata& more);

// Writes the file, whole or not at all; one tensor and its blocks in memory. `progress` counts tensors. Throws E_NONFINITE for a
// weight that is no number, E_RANGE for one that the type cannot hold, E_WRITE.
void write_gguf(const Context& context, ThreadPool& pool, const StreamedModel& model, const GgufPlan& plan, const std::string& path, const Progress& progress);

}  // namespace rankwise
