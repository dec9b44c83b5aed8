#pragma once
#include <memory>
#include <string>

#include "io/peft.h"
#include "model/model.h"

namespace rankwise {

// A module's delta as an adapter holds it (fixed, f32 factors), `factor` times as strong. On `meta` sizes only.
std::unique_ptr<LowRankDelta> read_delta(const Context& context, const PeftAdapter& adapter, const std::string& module, float factor);

// Puts an adapter's deltas beside the weights of a loaded block, `factor` times as strong. Throws E_ADAPTER where shapes differ.
void attach_adapter(const Context& context, Block& block, const PeftAdapter& adapter, float factor);
// Throws E_ADAPTER where the adapter has layers that no block of such a model has.
void require_layers(const ModelConfig& config, const PeftAdapter& adapter);

// Puts an adapter's deltas beside the weights of a loaded model, `factor` times as strong. Throws E_ADAPTER where they do not fit.
void attach_adapter(const Context& context, Model& model, const std::string& folder, float factor = 1.0f);

}  // namespace rankwise
