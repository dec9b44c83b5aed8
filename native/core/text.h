#pragma once
#include <cstdint>
#include <string>

namespace rankwise {

// "9.4 GiB", "512 MiB", "17 KiB", "3 bytes".
std::string human_bytes(uint64_t bytes);

// The number with the fewest decimals that rounds to `value`: 1e-6f is 1e-06 and not the double next to it.
double fewest_decimals(float value);

}  // namespace rankwise
