#include "model/rope_scaling.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"

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

// Original contexts are powers of two, and these two bounds have been the same in every model.
constexpr double kLowFrequencyFactor = 1.0, kHighFrequencyFactor = 4.0;
constexpr int64_t kLeastOriginal = 32, kMostOriginal = int64_t{1} << 20;

bool same_frequencies(const ModelConfig& a, const ModelConfig& b) {
  const std::vector<float> left = rotary_inverse_frequencies(a), right = rotary_inverse_frequencies(b);
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](float x, float y) { return std::fabs(x - y) <= 1e-6f * std::fabs(y); });
}

}  // namespace

std::vector<float> rotary_inverse_frequencies(const ModelConfig& config) {
  std::vector<float> frequencies(static_cast<size_t>(config.rotary_dim() / 2));
  for (size_t i = 0; i < frequencies.size(); ++i) {
    double frequency = std::pow(config.rope_theta, -2.0 * static_cast<double>(i) / static_cast<double>(config.rotary_dim()));
    if (config.rope_scaling == "linear") frequency /= config.rope_factor;
    if (config.rope_scaling == "llama3") frequency = llama3_frequency(config, frequency);
    if (config.rope_scaling == "longrope") frequency /= config.rope_short_factors[i];
    if (!config.rope_divisors.empty()) frequency /= static_cast<double>(config.rope_divisors[i]);
    frequencies[i] = static_cast<float>(frequency);
  }
  return frequencies;
}

float rotary_amplitude(const ModelConfig& config) {
  if (config.rope_scaling != "longrope") return 1.0f;
  if (config.rope_attention_factor > 0) return static_cast<float>(config.rope_attention_factor);
  const double original = static_cast<double>(config.rope_original_positions);
  const double factor = config.rope_factor > 0 ? config.rope_factor : static_cast<double>(config.max_positions) / original;
  return factor <= 1 ? 1.0f : static_cast<float>(std::sqrt(1 + std::log(factor) / std::log(original)));
}

void name_rotary_divisors(ModelConfig& config) {
  if (config.rope_divisors.empty()) return;
  ModelConfig named = config;
  named.rope_divisors.clear();
  named.rope_scaling = "llama3";
  named.rope_low_frequency_factor = kLowFrequencyFactor;
  named.rope_high_frequency_factor = kHighFrequencyFactor;
  named.rope_factor = *std::max_element(config.rope_divisors.begin(), config.rope_divisors.end());
  for (int64_t original = kLeastOriginal; original <= kMostOriginal && config.rope_scaling == "none"; original *= 2) {
    named.rope_original_positions = original;
    if (!same_frequencies(config, named)) continue;
    config = named;
    return;
  }
  fail("E_UNSUPPORTED", "This GGUF file scales its rotary frequencies one by one, in a way that a model folder cannot say.", "Use the original model.");
}

}  // namespace rankwise
