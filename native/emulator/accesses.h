#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "emulator/launches.h"

namespace rankwise::emulator {

// Who touched a byte last, and when: enough to tell whether it is ordered before now.
struct Touch {
  uint32_t block = 0;       // 1 + index in the launch; 0: never; kMany: several
  uint16_t thread = 0;      // kMany: several of the block
  uint16_t epoch = 0;       // block-wide barriers before
  uint16_t warp_epoch = 0;
  uint8_t warp = 0;         // 255: several
  bool atomic = false;
  const void* code = nullptr;
};

// Judges every access of a kernel that was compiled with -fsanitize=thread (whose calls this library answers itself; no
// ThreadSanitizer runs). An access must lie in a live tensor, a live shared array, the thread's own stack or the program's constants.
// Two accesses of one launch to the same byte by different threads, one of them a plain write, are a race unless a barrier
// of their block (or __syncwarp of their warp) lies between; threads of different blocks are never ordered. Atomics race with plain
// accesses only. This is CUDA's rule, so what passes in one order passes in all.
class Accesses {
 public:
  static Accesses& the();

  enum class Kind : uint8_t { read, write, atomic };
  // Called when a program part with instrumented accesses is loaded.
  void enable() { enabled_ = true; }
  bool enabled() const { return enabled_; }
  // The copies of a launch's arguments, which its threads read.
  void launch_begins(const void* arguments, size_t argument_bytes);
  void launch_ended(LaunchCount& count);
  // From the instrumented code; outside of kernels nothing is judged. `code` is the address of the access in the program.
  void access(const void* address, size_t bytes, Kind kind, const void* code);

 private:
  struct Cell {
    Touch write, read;
    bool was_read = false, was_written = false;
  };
  static constexpr size_t kPageBytes = 1024;
  struct Page {
    uint64_t launch = 0;
    Cell cells[kPageBytes];
  };
  enum class Place : uint8_t { device, shared, unjudged };

  Place place_of(const void* address, size_t bytes, Kind kind);
  bool in_program(const void* address);
  Page& page(uintptr_t number);
  void judge(Cell& cell, Kind kind, const Touch& now, bool shared) const;
  void count(Cell& cell, Kind kind);
  [[noreturn]] void report(const Touch& before, const char* earlier, const Touch& now, const char* later) const;

  bool enabled_ = false;
  uint64_t launch_ = 0;
  const char* arguments_ = nullptr;
  size_t argument_bytes_ = 0;
  std::unordered_map<uintptr_t, std::unique_ptr<Page>> pages_;
  uintptr_t last_number_ = 0;
  Page* last_page_ = nullptr;
  std::unordered_map<uintptr_t, bool> program_pages_;
  LaunchCount counted_;
};

}  // namespace rankwise::emulator
