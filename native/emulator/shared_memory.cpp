#include "emulator/shared_memory.h"

#include <sys/mman.h>

#include <cstring>
#include <string>

#include "emulator/faults.h"

extern "C" {
__attribute__((weak)) void __asan_poison_memory_region(void const volatile* address, size_t bytes);
__attribute__((weak)) void __asan_unpoison_memory_region(void const volatile* address, size_t bytes);
}

namespace rankwise::emulator {
namespace {
constexpr size_t kCapacity = 256 << 10;
constexpr size_t kRedZone = 128;
constexpr unsigned char kRedByte = 0xa5;

void write_red(char* from, size_t bytes) {
  std::memset(from, kRedByte, bytes);
  if (__asan_poison_memory_region) __asan_poison_memory_region(from, bytes);
}
}  // namespace

SharedMemory::SharedMemory() {
  void* mapping = mmap(nullptr, kCapacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) fault("no memory for shared memory");
  base_ = static_cast<char*>(mapping);
  arrays_.reserve(64);
}

void SharedMemory::begin_block(size_t dynamic_bytes) {
  if (__asan_unpoison_memory_region) __asan_unpoison_memory_region(base_, used_);
  used_ = 0;
  static_bytes_ = 0;
  arrays_.clear();
  dynamic_ = dynamic_bytes > 0 ? take(dynamic_bytes, 16) : nullptr;
}

char* SharedMemory::take(size_t bytes, size_t alignment) {
  if (used_ + bytes + 3 * kRedZone > kCapacity) fault("a block asks for more shared memory than any card has");
  if (used_ == 0) {
    write_red(base_, kRedZone);
    used_ = kRedZone;
  }
  char* data = base_ + used_;  // the red zones keep every array aligned
  if (alignment > kRedZone) fault("a shared array asks for an alignment of " + std::to_string(alignment) + " bytes");
  if (__asan_unpoison_memory_region) __asan_unpoison_memory_region(data, bytes);
  std::memset(data, 0xff, bytes);
  const size_t end = (bytes + kRedZone - 1) / kRedZone * kRedZone + kRedZone;
  write_red(data + bytes, end - bytes);
  used_ += end;
  arrays_.push_back({nullptr, data, bytes});
  return data;
}

void* SharedMemory::array(const void* key, size_t bytes, size_t alignment) {
  for (const Array& known : arrays_) {
    if (known.key == key) return known.data;
  }
  char* data = take(bytes, alignment);
  arrays_.back().key = key;
  static_bytes_ += bytes;
  if (static_bytes_ > kDefaultBytes) fault("the static shared arrays of a kernel exceed 48 KiB");
  return data;
}

// With AddressSanitizer the zones are poisoned, and it has spoken already; this file is compiled without it and may read them.
void SharedMemory::end_block() const {
  const char* zone = base_;
  size_t zone_bytes = arrays_.empty() ? 0 : kRedZone;
  for (size_t i = 0; i <= arrays_.size(); ++i) {
    for (size_t b = 0; b < zone_bytes; ++b) {
      if (static_cast<unsigned char>(zone[b]) == kRedByte) continue;
      if (i == 0) fault("shared memory was written before the first array");
      fault("a shared array of " + std::to_string(arrays_[i - 1].bytes) + " bytes was written " + std::to_string(b) + " bytes past its end");
    }
    if (i == arrays_.size()) break;
    zone = arrays_[i].data + arrays_[i].bytes;
    const char* next = i + 1 < arrays_.size() ? arrays_[i + 1].data : base_ + used_;
    zone_bytes = static_cast<size_t>(next - zone);
  }
}

bool SharedMemory::holds(const void* address) const {
  const char* at = static_cast<const char*>(address);
  return at >= base_ && at < base_ + kCapacity;
}

bool SharedMemory::live(const void* address, size_t bytes) const {
  const char* at = static_cast<const char*>(address);
  for (const Array& array : arrays_) {
    if (at >= array.data && at + bytes <= array.data + array.bytes) return true;
  }
  return false;
}

}  // namespace rankwise::emulator
