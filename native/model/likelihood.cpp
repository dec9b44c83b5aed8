#include "model/likelihood.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rankwise {

double log_sum_exp(const float* logits, int64_t vocab_size) {
  const double most = *std::max_element(logits, logits + vocab_size);
  double sum = 0;
  for (int64_t i = 0; i < vocab_size; ++i) sum += std::exp(logits[i] - most);
  return most + std::log(sum);
}

int32_t likeliest_token(const float* logits, int64_t vocab_size) {
  return static_cast<int32_t>(std::max_element(logits, logits + vocab_size) - logits);
}

std::vector<int32_t> likeliest_tokens(const float* logits, int64_t vocab_size, int64_t count) {
  std::vector<int32_t> ids(static_cast<size_t>(vocab_size));
  std::iota(ids.begin(), ids.end(), 0);
  const auto end = ids.begin() + std::min(count, vocab_size);
  std::partial_sort(ids.begin(), end, ids.end(), [logits](int32_t a, int32_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  });
  ids.erase(end, ids.end());
  return ids;
}

}  // namespace rankwise
