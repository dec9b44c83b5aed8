#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/job_control.h"
#include "io/peft.h"
#include "model/model.h"
#include "model/streamed_model.h"

namespace rankwise {

// Writes a Hugging Face folder: config.json and model.safetensors (in shards with an index beyond 5 GiB), deltas folded in. Weights in
// `dtype`; one dense matrix in memory at a time. The folder appears whole or not at all. `progress` counts the tensors written.
void save_model(const Context& context, const Model& model, DType dtype, const std::string& folder, const Progress& progress = {});
// The same of a model that is read while it is written: one tensor in memory. Rotary divisors of a GGUF file are given the name that
// config.json has for them.
void save_model(const Context& context, const StreamedModel& model, DType dtype, const std::string& folder, const Progress& progress = {});

// Writes a PEFT folder (adapter_config.json, adapter_model.safetensors in f32) of the model's trained deltas.
void save_adapter(const Context& context, const Model& model, nlohmann::json config, const std::string& base_folder, const std::string& folder);

}  // namespace rankwise
