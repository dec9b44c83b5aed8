#pragma once
#include <string>

namespace rankwise::emulator {

// The status of a process that a fault of a kernel or of its host code ended.
constexpr int kFaultStatus = 66;

// Says what is wrong, with the kernel, block and thread that run now, and ends the process: on a card the result would be silently
// wrong or the context lost, and neither is something to go on from.
[[noreturn]] void fault(const std::string& what);
[[noreturn]] void fault(const std::string& what, const char* file, int line);

}  // namespace rankwise::emulator
