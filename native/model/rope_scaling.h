#pragma once
#include <vector>

#include "model/config.h"

namespace rankwise {

// The angle per position of each pair of rotary dimensions, [head_dim / 2]: theta^(−2i / head_dim), divided by the factor for
// "linear", and bent for "llama3" as Llama 3.1 does: wavelengths below original / high stay, those above original / low are
// divided by the factor, and between the two the frequency is interpolated. Computed in double, rounded once.
std::vector<float> rotary_inverse_frequencies(const ModelConfig& config);

}  // namespace rankwise
