#include "model/rope_scaling.h"

#include <cmath>
#include <numbers>

namespace rankwise {
namespace {

double llama3_frequency(const ModelConfig& config, double frequency) {
  // How often the pair turns within the original context.
  const double turns = static_cast<double>(config.rope_original_positions) * frequency / (2 * std::numbers::pi);
  if (turns > config.rope_high_frequency_factor) return frequency;
  if (turns < config.rope_low_frequency_factor) return frequency / config.rope_factor;
  const double kept =
      (turns - config.rope_low_frequency_factor) / (config.rope_high_frequency_factor - config.rope_low_frequency_factor);
  return (1 - kept) * frequency / config.rope_factor + kept * frequency;
}

}  // namespace

std::vector<float> rotary_inverse_frequencies(const ModelConfig& config) {
  std::vector<float> frequencies(static_cast<size_t>(config.head_dim / 2));
  for (size_t i = 0; i < frequencies.size(); ++i) {
    double frequency = std::pow(config.rope_theta, -2.0 * static_cast<double>(i) / static_cast<double>(config.head_dim));
    if (config.rope_scaling == "linear") frequency /= config.rope_factor;
    if (config.rope_scaling == "llama3") frequency = llama3_frequency(config, frequency);
    if (!config.rope_divisors.empty()) frequency /= static_cast<double>(config.rope_divisors[i]);
    frequencies[i] = static_cast<float>(frequency);
  }
  return frequencies;
}

}  // namespace rankwise
