#pragma once
#include <cstdint>

namespace rankwise {

// IEEE half precision, little endian in files.
uint16_t half_of(float value);         // to nearest, ties to even; what is too large becomes infinite
float half_value(const unsigned char* from);
void put_half(uint16_t half, unsigned char* to);

}  // namespace rankwise
