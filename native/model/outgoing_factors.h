#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "io/safetensors.h"
#include "model/model.h"

namespace rankwise {

// A factor of an adapter to be written, and what puts it into a dense f32 matrix of the entry's shape.
struct OutgoingFactor {
  SafetensorsWriter::Entry entry;
  std::function<void(const View&)> read;
};

// The factors of all deltas under PEFT's names. What the family keeps in one matrix becomes one layer: its parts' A stacked, their B on
// a block diagonal, so the product is the same, and `config` is told of the modules, ranks and alphas that this makes.
std::vector<OutgoingFactor> outgoing_factors(const Context& context, const Model& model, nlohmann::json& config);

}  // namespace rankwise
