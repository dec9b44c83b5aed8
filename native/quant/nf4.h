#pragma once
#include <cstdint>

namespace rankwise {

// The second level of NF4's scales (QLoRA's double quantization): the absmax of 64-element blocks, in blocks of 256, as codes of the
// signed dynamic map, after their mean has been taken off. Block `index` of scales is [256·index, 256·(index + 1)).
void quantize_scales(const float* absmax, int64_t count, float offset, uint8_t* codes, float* scale);
void dequantize_scales(const uint8_t* codes, int64_t count, float scale, float offset, float* absmax);

}  // namespace rankwise
