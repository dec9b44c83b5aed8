#include <algorithm>
#include <cmath>
#include <cstdint>

#include "quant/code.h"
#include "quant/half.h"
#include "quant/k_blocks.h"

namespace rankwise {
namespace {

constexpr int kSignedGroups = 16, kSignedGroup = 16;
constexpr float kNothing = 1e-15f;  // groups no larger than this have no scale

// The scale of sixteen values for codes −32…31 that keeps Σ x²·(scale·code − x)² least among the tried ones. The value of the largest
// magnitude is given the end that has a code more. `codes` (32 more than they stand for) receives the winner's.
float fit_signed(const float* x, uint8_t* codes) {
  float extreme = x[0];
  for (int i = 1; i < kSignedGroup; ++i) {
    if (std::fabs(x[i]) > std::fabs(extreme)) extreme = x[i];
  }
  if (std::fabs(extreme) < kNothing) {
    std::fill_n(codes, kSignedGroup, uint8_t{0});
    return 0;
  }
  float scale = 0, best = 0;
  const auto attempt = [&](float range, bool first) {
    const float inverse = -range / extreme;
    uint8_t tried[kSignedGroup];
    float sum_xl = 0, sum_ll = 0;
    for (int i = 0; i < kSignedGroup; ++i) {
      const int rounded = code_of(inverse * x[i], -32, 31);
      tried[i] = static_cast<uint8_t>(rounded + 32);
      const auto code = static_cast<float>(rounded);
      const float weight = x[i] * x[i];
      sum_xl += weight * x[i] * code;
      sum_ll += weight * code * code;
    }
    if (!first && !(sum_ll > 0 && sum_xl * sum_xl > best * sum_ll)) return;
    scale = sum_ll != 0 ? sum_xl / sum_ll : 0;
    best = scale * sum_xl;
    std::copy_n(tried, kSignedGroup, codes);
  };
  attempt(32, true);
  for (int step = -9; step <= 9; ++step) {
    if (step != 0) attempt(32 + 0.1f * static_cast<float>(step), false);
  }
  return scale;
}

}  // namespace

// Low four bits (128 bytes), high two (64), scales (16), d. Of each 128 values the four quarters of 32 share bytes.
void quantize_q6_k(const float* from, unsigned char* to) {
  std::fill_n(to, kBytesQ6K, uint8_t{0});
  uint8_t codes[kSuperBlock];
  float scales[kSignedGroups], extreme = 0;
  for (int j = 0; j < kSignedGroups; ++j) {
    scales[j] = fit_signed(from + j * kSignedGroup, codes + j * kSignedGroup);
    if (std::fabs(scales[j]) > std::fabs(extreme)) extreme = scales[j];
  }
  if (std::fabs(extreme) < kNothing) return;
  const float inverse = -128 / extreme;
  put_half(half_of(1 / inverse), to + 208);
  const float d = half_value(to + 208);
  for (int j = 0; j < kSignedGroups; ++j) {
    const int scale = code_of(inverse * scales[j], -128, 127);
    to[192 + j] = static_cast<unsigned char>(static_cast<int8_t>(scale));
    const float step = d * static_cast<float>(scale);
    if (step == 0) continue;  // the search's codes stay; they are multiplied by nothing
    for (int i = j * kSignedGroup; i < (j + 1) * kSignedGroup; ++i) codes[i] = static_cast<uint8_t>(32 + code_of(from[i] / step, -32, 31));
  }
  for (int half = 0; half < 2; ++half) {
    const uint8_t* q = codes + 128 * half;
    for (int i = 0; i < 32; ++i) {
      to[64 * half + i] = static_cast<unsigned char>((q[i] & 15) | (q[i + 64] & 15) << 4);
      to[64 * half + 32 + i] = static_cast<unsigned char>((q[i + 32] & 15) | (q[i + 96] & 15) << 4);
      to[128 + 32 * half + i] = static_cast<unsigned char>(q[i] >> 4 | (q[i + 32] >> 4) << 2 | (q[i + 64] >> 4) << 4 | (q[i + 96] >> 4) << 6);
    }
  }
}

void dequantize_q6_k(const unsigned char* from, float* to) {
  const float d = half_value(from + 208);
  for (int i = 0; i < kSuperBlock; ++i) {
    const int half = i / 128, quarter = i / 32 % 4, at = i % 32;
    const int low = from[64 * half + quarter % 2 * 32 + at] >> quarter / 2 * 4 & 15;
    const int high = from[128 + 32 * half + at] >> 2 * quarter & 3;
    const auto scale = static_cast<int8_t>(from[192 + i / kSignedGroup]);
    to[i] = d * static_cast<float>(scale) * static_cast<float>((low | high << 4) - 32);
  }
}

}  // namespace rankwise
