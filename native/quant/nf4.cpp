#include "quant/nf4.h"

#include <algorithm>
#include <cmath>

#include "quant/maps.h"

namespace rankwise {

void quantize_scales(const float* absmax, int64_t count, float offset, uint8_t* codes, float* scale) {
  float most = 0;
  for (int64_t i = 0; i < count; ++i) most = std::max(most, std::fabs(absmax[i] - offset));
  *scale = most;
  const float inverse = most > 0 ? 1.0f / most : 0.0f;
  const float* midpoints = signed_dynamic_midpoints();
  for (int64_t i = 0; i < count; ++i) codes[i] = static_cast<uint8_t>(nearest_code(midpoints, 255, (absmax[i] - offset) * inverse));
}

void dequantize_scales(const uint8_t* codes, int64_t count, float scale, float offset, float* absmax) {
  const float* map = signed_dynamic_map();
  for (int64_t i = 0; i < count; ++i) absmax[i] = map[codes[i]] * scale + offset;
}

}  // namespace rankwise
