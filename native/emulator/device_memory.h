#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace rankwise::emulator {

// The memory of the emulated card. It is mapped without access and opened only while an operation of a stream runs, so that the
// host cannot touch it. Between allocations lie unmapped pages; fresh memory holds NaN bits. The bytes that rounding leaves over
// after an allocation or a tensor are red: a write into them is found when that ends, and AddressSanitizer finds reads, too.
class DeviceMemory {
 public:
  static DeviceMemory& the();

  uint64_t capacity() const { return capacity_; }
  uint64_t used() const { return used_; }

  // Null when the card is full.
  void* allocate(size_t bytes);
  // False when it is not the start of an allocation.
  bool release(void* data);

  bool holds(const void* address) const;
  // Whether [address, address + bytes) lies within one allocation.
  bool allocated(const void* address, size_t bytes) const;

  // Tensors inside an allocation (an arena's blocks). Once an allocation holds one, only its live tensors may be touched.
  void tensor_begins(void* data, size_t bytes);
  void tensor_ends(void* data, size_t bytes);
  // Whether an operation of the device may touch the range, remembered for the next question.
  bool live(const void* address, size_t bytes) const {
    const char* at = static_cast<const char*>(address);
    if (at >= live_begin_ && at + bytes <= live_end_) return true;
    return find_live(at, bytes);
  }
  // Faults unless it may.
  void check(const void* address, size_t bytes, const char* what) const;

  void open();
  void close();

 private:
  DeviceMemory();
  struct Allocation {
    size_t bytes;
    size_t mapped;
    bool has_tensors = false;
  };
  std::map<char*, Allocation>::const_iterator find(const void* address) const;
  bool find_live(const char* at, size_t bytes) const;
  void protect(int access);
  void check_red(const char* end, const char* until, const char* what) const;

  char* base_ = nullptr;
  size_t reserved_ = 0;
  size_t top_ = 0;  // first byte never handed out
  uint64_t capacity_ = 0;
  uint64_t used_ = 0;
  int open_ = 0;
  std::map<char*, Allocation> allocations_;
  std::map<char*, size_t> tensors_;
  mutable const char *live_begin_ = nullptr, *live_end_ = nullptr;  // the last range that was found live
};

// Opens the device's memory for as long as an operation runs.
class OpenMemory {
 public:
  OpenMemory() { DeviceMemory::the().open(); }
  ~OpenMemory() { DeviceMemory::the().close(); }
  OpenMemory(const OpenMemory&) = delete;
  OpenMemory& operator=(const OpenMemory&) = delete;
};

}  // namespace rankwise::emulator
