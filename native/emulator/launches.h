#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>
#include <map>
#include <string>

namespace rankwise::emulator {

// What was launched under one name since the start or the last reset; copies, fills and products count as launches, too. Bytes of
// kernels are counted by the access checker only, each byte of device memory once a launch, however often a kernel comes back to it:
// the traffic that a card with a perfect cache has.
struct LaunchCount {
  uint64_t launches = 0;
  uint64_t threads = 0;
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
  uint64_t bytes_requested = 0;  // every access of every thread
};

class Launches {
 public:
  static Launches& the();
  std::map<std::string, LaunchCount>& counts() { return counts_; }
  // An operation that is no kernel of ours.
  void count(const char* name, uint64_t bytes_read, uint64_t bytes_written);
  // Dynamic shared memory that cudaFuncSetAttribute granted a kernel.
  void grant(const void* kernel, size_t bytes) { granted_[kernel] = bytes; }
  size_t granted(const void* kernel) const;

 private:
  std::map<std::string, LaunchCount> counts_;
  std::map<const void*, size_t> granted_;
};

}  // namespace rankwise::emulator
