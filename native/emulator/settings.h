#pragma once
#include <cstdint>
#include <cstdlib>

namespace rankwise::emulator {

// A number from the environment, or `otherwise`.
inline uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text && *text ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace rankwise::emulator
