#pragma once
#include <cstdint>
#include <vector>

namespace rankwise {

// ln Σ exp(logits) over a row of logits, in double precision: the logarithm of a token's probability is its logit less this.
double log_sum_exp(const float* logits, int64_t vocab_size);

// The first of the largest logits. With logits that are no numbers the answer is some token.
int32_t likeliest_token(const float* logits, int64_t vocab_size);

// The `count` likeliest tokens, likeliest first; of equal ones the lower id comes first. The logits must be numbers.
std::vector<int32_t> likeliest_tokens(const float* logits, int64_t vocab_size, int64_t count);

}  // namespace rankwise
