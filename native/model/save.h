#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "model/model.h"

namespace rankwise {

// Writes a Hugging Face folder: config.json and model.safetensors (in shards with an index beyond 5 GiB), deltas folded in. Weights in
// `dtype`; one dense matrix in memory at a time. The folder appears whole or not at all.
void save_model(const Context& context, const Model& model, DType dtype, const std::string& folder);

// Writes a PEFT folder (adapter_config.json, adapter_model.safetensors in f32) of the model's trained deltas.
void save_adapter(const Context& context, const Model& model, nlohmann::json config, const std::string& base_folder, const std::string& folder);

// Puts an adapter's deltas beside the weights of a loaded model (fixed, f32 factors). Throws E_ADAPTER where they do not fit.
void attach_adapter(const Context& context, Model& model, const std::string& folder);

}  // namespace rankwise
