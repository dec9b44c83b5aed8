#pragma once
#include <algorithm>

namespace rankwise {

// To the nearest integer, ties to even, between two bounds. A float of 1.5·2²³ has no bits left for a fraction.
inline int code_of(float value, int least, int most) {
  constexpr float kNoFraction = 12582912.0f;
  const float clipped = std::clamp(value, static_cast<float>(least) - 1, static_cast<float>(most) + 1);
  return std::clamp(static_cast<int>((clipped + kNoFraction) - kNoFraction), least, most);
}

}  // namespace rankwise
