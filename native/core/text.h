#pragma once
#include <cstdint>
#include <string>

namespace rankwise {

// "9.4 GiB", "512 MiB", "17 KiB", "3 bytes".
std::string human_bytes(uint64_t bytes);

}  // namespace rankwise
