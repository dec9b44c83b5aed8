#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rankwise::emulator {

// The shared memory of the block that runs: every array between red zones and filled with NaN bits when a block first asks for
// it. A write into a red zone is found when the block ends; AddressSanitizer and the access checker find reads as well, at once.
class SharedMemory {
 public:
  // What a launch may ask for: by default, and after cudaFuncSetAttribute on the smallest of our architectures.
  static constexpr size_t kDefaultBytes = 48 << 10;
  static constexpr size_t kOptInBytes = 99 << 10;

  SharedMemory();
  // A new block. `dynamic_bytes` is the launch's own.
  void begin_block(size_t dynamic_bytes);
  // Faults where a red zone was written.
  void end_block() const;
  void* array(const void* key, size_t bytes, size_t alignment);
  void* dynamic() const { return dynamic_; }

  bool holds(const void* address) const;
  // Whether [address, address + bytes) lies within one array of this block.
  bool live(const void* address, size_t bytes) const;
  // The largest sum of static arrays of a block so far in this launch.
  size_t static_bytes() const { return static_bytes_; }

 private:
  struct Array {
    const void* key;
    char* data;
    size_t bytes;
  };
  char* take(size_t bytes, size_t alignment);

  char* base_;
  size_t used_ = 0;
  size_t static_bytes_ = 0;
  void* dynamic_ = nullptr;
  std::vector<Array> arrays_;
};

}  // namespace rankwise::emulator
