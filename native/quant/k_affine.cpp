#include <algorithm>
#include <cmath>
#include <cstdint>

#include "quant/code.h"
#include "quant/half.h"
#include "quant/k_blocks.h"

namespace rankwise {
namespace {

constexpr int kAffineGroups = 8, kAffineGroup = 32;

struct Affine {
  float scale = 0, minimum = 0;  // value ≈ scale·code − minimum, minimum ≥ 0
};

struct AffineSearch {
  int most;      // largest code
  float first;   // tried scales divide the range by most + first + 0.1·step
  int steps;
};
constexpr AffineSearch kFourBits = {15, -1.0f, 20}, kFiveBits = {31, -0.5f, 15};

// The scale and the minimum of one group that keep Σ w·(scale·code + min − x)² least among the tried ones, w = √(mean x²) + |x|: codes
// are rounded at a tried scale, then scale and minimum are their weighted least squares. `codes` receives the winner's.
Affine fit(const AffineSearch& search, const float* x, uint8_t* codes) {
  float squares = 0;
  for (int i = 0; i < kAffineGroup; ++i) squares += x[i] * x[i];
  const float mean = std::sqrt(squares / kAffineGroup);
  float weights[kAffineGroup], sum_w = 0, sum_x = 0, least = x[0], largest = x[0];
  for (int i = 0; i < kAffineGroup; ++i) {
    weights[i] = mean + std::fabs(x[i]);
    sum_w += weights[i];
    sum_x += weights[i] * x[i];
    least = std::min(least, x[i]);
    largest = std::max(largest, x[i]);
  }
  least = std::min(least, 0.0f);
  if (largest == least) {
    std::fill_n(codes, kAffineGroup, uint8_t{0});
    return {0, -least};
  }
  const auto most = static_cast<float>(search.most);
  uint8_t tried[kAffineGroup];
  const auto round_at = [&](float inverse, uint8_t* to) {
    for (int i = 0; i < kAffineGroup; ++i) to[i] = static_cast<uint8_t>(code_of(inverse * (x[i] - least), 0, search.most));
  };
  const auto error_of = [&](float scale, float minimum, const uint8_t* of) {
    float error = 0;
    for (int i = 0; i < kAffineGroup; ++i) {
      const float off = scale * static_cast<float>(of[i]) + minimum - x[i];
      error += weights[i] * (off * off);
    }
    return error;
  };
  const float inverse = most / (largest - least);
  float scale = 1 / inverse;
  round_at(inverse, codes);
  float best = error_of(scale, least, codes);
  for (int step = 0; step <= search.steps; ++step) {
    round_at((search.first + 0.1f * static_cast<float>(step) + most) / (largest - least), tried);
    float sum_l = 0, sum_ll = 0, sum_xl = 0;
    for (int i = 0; i < kAffineGroup; ++i) {
      const auto code = static_cast<float>(tried[i]);
      sum_l += weights[i] * code;
      sum_ll += weights[i] * code * code;
      sum_xl += weights[i] * code * x[i];
    }
    const float determinant = sum_w * sum_ll - sum_l * sum_l;
    if (!(determinant > 0)) continue;
    float of_tried = (sum_w * sum_xl - sum_x * sum_l) / determinant;
    float minimum = (sum_ll * sum_x - sum_l * sum_xl) / determinant;
    if (minimum > 0) {
      minimum = 0;
      of_tried = sum_xl / sum_ll;
    }
    const float error = error_of(of_tried, minimum, tried);
    if (!(error < best)) continue;
    best = error;
    scale = of_tried;
    least = minimum;  // later trials round from here, as the reference does
    std::copy_n(tried, kAffineGroup, codes);
  }
  return {scale, -least};
}

// Eight scales and eight minima of 6 bits in 12 bytes: the low six bits of the first four of each with the two high bits of the last
// four above them, then the low four bits of the last four of both.
struct SixBits {
  uint8_t scale[kAffineGroups], minimum[kAffineGroups];
};

void pack(const SixBits& six, unsigned char* to) {
  for (int j = 0; j < 4; ++j) {
    to[j] = static_cast<unsigned char>(six.scale[j] | (six.scale[j + 4] >> 4) << 6);
    to[j + 4] = static_cast<unsigned char>(six.minimum[j] | (six.minimum[j + 4] >> 4) << 6);
    to[j + 8] = static_cast<unsigned char>((six.scale[j + 4] & 15) | (six.minimum[j + 4] & 15) << 4);
  }
}

SixBits unpack(const unsigned char* from) {
  SixBits six;
  for (int j = 0; j < 4; ++j) {
    six.scale[j] = from[j] & 63;
    six.minimum[j] = from[j + 4] & 63;
    six.scale[j + 4] = static_cast<uint8_t>((from[j + 8] & 15) | (from[j] >> 6) << 4);
    six.minimum[j + 4] = static_cast<uint8_t>(from[j + 8] >> 4 | (from[j + 4] >> 6) << 4);
  }
  return six;
}

// The header of d, dmin and the packed scales; `codes` receives 256 codes.
void quantize_affine(const AffineSearch& search, const float* from, unsigned char* header, uint8_t* codes) {
  Affine groups[kAffineGroups];
  float most_scale = 0, most_minimum = 0;
  for (int j = 0; j < kAffineGroups; ++j) {
    groups[j] = fit(search, from + j * kAffineGroup, codes + j * kAffineGroup);
    most_scale = std::max(most_scale, groups[j].scale);
    most_minimum = std::max(most_minimum, groups[j].minimum);
  }
  const float per_scale = most_scale > 0 ? 63 / most_scale : 0, per_minimum = most_minimum > 0 ? 63 / most_minimum : 0;
  SixBits six;
  for (int j = 0; j < kAffineGroups; ++j) {
    six.scale[j] = static_cast<uint8_t>(code_of(per_scale * groups[j].scale, 0, 63));
    six.minimum[j] = static_cast<uint8_t>(code_of(per_minimum * groups[j].minimum, 0, 63));
  }
  put_half(half_of(most_scale / 63), header);
  put_half(half_of(most_minimum / 63), header + 2);
  pack(six, header + 4);
  const float d = half_value(header), dmin = half_value(header + 2);
  for (int j = 0; j < kAffineGroups; ++j) {
    const float scale = d * six.scale[j], minimum = dmin * six.minimum[j];
    if (scale == 0) continue;  // the search's codes stay; they are multiplied by nothing
    for (int i = j * kAffineGroup; i < (j + 1) * kAffineGroup; ++i) {
      codes[i] = static_cast<uint8_t>(code_of((from[i] + minimum) / scale, 0, search.most));
    }
  }
}

// Low four bits: of each 64 values the first 32 below, the second 32 above.
void put_nibbles(const uint8_t* codes, unsigned char* to) {
  for (int chunk = 0; chunk < kSuperBlock; chunk += 64) {
    for (int i = 0; i < 32; ++i) *to++ = static_cast<unsigned char>((codes[chunk + i] & 15) | (codes[chunk + 32 + i] & 15) << 4);
  }
}

// `high`, where there is one: 32 bytes, bit j of byte i is the fifth bit of the code of value 32·j + i.
void dequantize_affine(const unsigned char* header, const unsigned char* nibbles, const unsigned char* high, float* to) {
  const float d = half_value(header), dmin = half_value(header + 2);
  const SixBits six = unpack(header + 4);
  for (int j = 0; j < kAffineGroups; ++j) {
    const float scale = d * six.scale[j], minimum = dmin * six.minimum[j];
    const unsigned char* chunk = nibbles + j / 2 * 32;
    for (int i = 0; i < kAffineGroup; ++i) {
      const int low = j % 2 ? chunk[i] >> 4 : chunk[i] & 15;
      const int code = low + (high && (high[i] >> j & 1) ? 16 : 0);
      to[j * kAffineGroup + i] = scale * static_cast<float>(code) - minimum;
    }
  }
}

}  // namespace

void quantize_q4_k(const float* from, unsigned char* to) {
  uint8_t codes[kSuperBlock];
  quantize_affine(kFourBits, from, to, codes);
  put_nibbles(codes, to + 16);
}

void quantize_q5_k(const float* from, unsigned char* to) {
  uint8_t codes[kSuperBlock];
  quantize_affine(kFiveBits, from, to, codes);
  unsigned char* high = to + 16;
  std::fill_n(high, kAffineGroup, uint8_t{0});
  for (int i = 0; i < kSuperBlock; ++i) high[i % 32] = static_cast<unsigned char>(high[i % 32] | (codes[i] >> 4) << i / 32);
  put_nibbles(codes, to + 48);
}

void dequantize_q4_k(const unsigned char* from, float* to) { dequantize_affine(from, from + 16, nullptr, to); }
void dequantize_q5_k(const unsigned char* from, float* to) { dequantize_affine(from, from + 48, from + 16, to); }

}  // namespace rankwise
