#include "core/process_memory.h"

#include <fstream>
#include <string>

namespace rankwise {

namespace {

// A line "Name:   123 kB" of a file under /proc, in bytes.
uint64_t proc_value(const char* path, const std::string& name) {
  std::ifstream file(path);
  std::string word;
  while (file >> word) {
    if (word != name + ":") continue;
    uint64_t kib = 0;
    file >> kib;
    return kib * 1024;
  }
  return 0;
}

}  // namespace

uint64_t resident_bytes() { return proc_value("/proc/self/status", "VmRSS"); }
uint64_t peak_resident_bytes() { return proc_value("/proc/self/status", "VmHWM"); }
void reset_peak_resident_bytes() { std::ofstream("/proc/self/clear_refs") << 5; }
uint64_t machine_memory_bytes() { return proc_value("/proc/meminfo", "MemTotal"); }
uint64_t available_memory_bytes() { return proc_value("/proc/meminfo", "MemAvailable"); }

}  // namespace rankwise
