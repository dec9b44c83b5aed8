#include "emulator/faults.h"

#include <unistd.h>

#include <cstdio>

#include "emulator/block_run.h"

namespace rankwise::emulator {

void fault(const std::string& what) {
  const std::string place = running_place();
  std::fflush(stdout);
  std::fprintf(stderr, "emulated CUDA: %s%s%s\n", what.c_str(), place.empty() ? "" : "\n  in ", place.c_str());
  std::fflush(stderr);
  _exit(kFaultStatus);
}

void fault(const std::string& what, const char* file, int line) {
  fault(what + " (" + file + ":" + std::to_string(line) + ")");
}

}  // namespace rankwise::emulator
