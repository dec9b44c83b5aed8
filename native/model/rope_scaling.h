#pragma once
#include <vector>

#include "model/config.h"

namespace rankwise {

// The angle per position of each pair of rotary dimensions, [rotary_dim / 2]: theta^(−2i / rotary_dim), divided by the factor for
// "linear", by the pair's short factor for "longrope", and bent for "llama3" as Llama 3.1 does: wavelengths below original / high stay, those above original / low are
// divided by the factor, and between the two the frequency is interpolated. Computed in double, rounded once.
std::vector<float> rotary_inverse_frequencies(const ModelConfig& config);

// What cosines and sines are multiplied by: 1 but for "longrope", where it makes up for the flatter scores of longer contexts:
// √(1 + ln(factor) / ln(original positions)), or what the model says.
float rotary_amplitude(const ModelConfig& config);

// GGUF files list what each frequency is divided by. Where that list is what "llama3" makes of some factor and original context, the config
// says so instead, as config.json can; else it throws E_UNSUPPORTED. Frequencies differ by the rounding of the file's divisors.
void name_rotary_divisors(ModelConfig& config);

}  // namespace rankwise
