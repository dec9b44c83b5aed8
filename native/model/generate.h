#pragma once
#include <functional>

#include "model/model.h"

namespace rankwise {

struct GenerationSettings {
  int64_t max_tokens = 64;
  double temperature = 0;  // 0 = greedy
  double top_p = 1.0;
  uint64_t seed = 0;
  std::vector<int32_t> stop_ids;
  // Gets every token with the logits [V] that it was chosen from; false = stop.
  std::function<bool(int32_t id, const float* logits)> on_token;
};

// Continues `prompt` token by token over a KV cache; returns what was added. All memory is taken before the first token, so that it
// does not depend on what comes out. Throws E_PROMPT for an empty prompt or one outside the vocabulary.
std::vector<int32_t> generate(const Context& context, const Model& model, const std::vector<int32_t>& prompt, const GenerationSettings& settings);

// The next token from logits [V]: the first of the largest at temperature 0, else drawn from the smallest set of tokens whose
// probability reaches top_p. `draw` in [0, 1).
int32_t choose_token(const float* logits, int64_t vocab_size, double temperature, double top_p, double draw);

}  // namespace rankwise
