#include "emulator/device_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "emulator/faults.h"
#include "emulator/settings.h"

extern "C" {
__attribute__((weak)) void __asan_poison_memory_region(void const volatile* address, size_t bytes);
__attribute__((weak)) void __asan_unpoison_memory_region(void const volatile* address, size_t bytes);
}

namespace rankwise::emulator {
namespace {
constexpr size_t kPage = 4096;
constexpr size_t kHugePage = 2 << 20;
constexpr size_t kReserved = size_t{1} << 38;  // address space: freed ranges are never handed out again
constexpr uint64_t kDefaultCapacity = uint64_t{2} << 30;
// What the driver and the modules of a context take on a real card.
constexpr uint64_t kContextBytes = uint64_t{16} << 20;
constexpr size_t kAllocationAlign = 256;
constexpr size_t kTensorAlign = 64;  // the arena's
constexpr int kRedByte = 0xa5;

size_t round_up(size_t bytes, size_t multiple) { return (bytes + multiple - 1) / multiple * multiple; }

void poison(const void* address, size_t bytes) {
  if (__asan_poison_memory_region) __asan_poison_memory_region(address, bytes);
}
void unpoison(const void* address, size_t bytes) {
  if (__asan_unpoison_memory_region) __asan_unpoison_memory_region(address, bytes);
}
// AddressSanitizer watches memset, too.
void write_red(char* from, char* until) {
  unpoison(from, static_cast<size_t>(until - from));
  std::memset(from, kRedByte, static_cast<size_t>(until - from));
  poison(from, static_cast<size_t>(until - from));
}
}  // namespace

DeviceMemory& DeviceMemory::the() {
  static DeviceMemory memory;
  return memory;
}

DeviceMemory::DeviceMemory() : capacity_(setting("RANKWISE_EMULATED_MEMORY", kDefaultCapacity)), used_(kContextBytes) {
  void* mapping = mmap(nullptr, kReserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) fault("no address space for the memory of the device");
  base_ = static_cast<char*>(mapping);
  reserved_ = kReserved;
}

// The allocation ends at a page's end as nearly as 256-byte alignment allows, so that running past it hits an unmapped page.
void* DeviceMemory::allocate(size_t bytes) {
  const size_t rounded = round_up(bytes, kAllocationAlign);
  if (rounded == 0 || rounded > capacity_ || used_ + rounded > capacity_) return nullptr;
  const size_t mapped = round_up(rounded, kPage);
  if (top_ + mapped + 2 * kHugePage > reserved_) fault("the address space of the emulated device is used up");
  // Opening and closing an arena between operations costs a millisecond in small pages, and nothing in huge ones.
  if (mapped >= kHugePage) {
    top_ = round_up(top_ + kPage, kHugePage) - kPage;
    madvise(base_ + top_ + kPage, mapped, MADV_HUGEPAGE);
  }
  char* data = base_ + top_ + kPage + (mapped - rounded);
  top_ += mapped + kPage;
  used_ += rounded;
  allocations_[data] = {bytes, mapped};
  // A larger allocation is an arena: its tensors are filled when they begin.
  constexpr size_t kFilled = 1 << 20;
  open();
  mprotect(data - (mapped - rounded), mapped, PROT_READ | PROT_WRITE);
  if (bytes <= kFilled) std::memset(data, 0xff, bytes);
  write_red(data + bytes, data + rounded);
  close();
  if (open_ == 0) mprotect(data - (mapped - rounded), mapped, PROT_NONE);
  return data;
}

bool DeviceMemory::release(void* data) {
  const auto found = allocations_.find(static_cast<char*>(data));
  if (found == allocations_.end()) return false;
  const auto& [start, allocation] = *found;
  const size_t rounded = round_up(allocation.bytes, kAllocationAlign);
  {
    OpenMemory open;
    check_red(start + allocation.bytes, start + rounded, "an allocation");
  }
  unpoison(start, rounded);
  live_begin_ = live_end_ = nullptr;
  tensors_.erase(tensors_.lower_bound(start), tensors_.lower_bound(start + allocation.bytes));
  // Remapped without access: the pages go back to the system and every later touch is a segmentation fault.
  mmap(start + rounded - allocation.mapped, allocation.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  used_ -= rounded;
  allocations_.erase(found);
  return true;
}

bool DeviceMemory::holds(const void* address) const {
  const char* at = static_cast<const char*>(address);
  return at >= base_ && at < base_ + reserved_;
}

std::map<char*, DeviceMemory::Allocation>::const_iterator DeviceMemory::find(const void* address) const {
  auto next = allocations_.upper_bound(static_cast<char*>(const_cast<void*>(address)));
  return next == allocations_.begin() ? allocations_.end() : std::prev(next);
}

bool DeviceMemory::allocated(const void* address, size_t bytes) const {
  const auto found = find(address);
  return found != allocations_.end() && static_cast<const char*>(address) + bytes <= found->first + found->second.bytes;
}

void DeviceMemory::tensor_begins(void* data, size_t bytes) {
  const auto found = find(data);
  if (found == allocations_.end() || !allocated(data, bytes)) fault("a tensor begins outside every allocation of the device");
  live_begin_ = live_end_ = nullptr;
  Allocation& allocation = allocations_[found->first];
  if (!allocation.has_tensors) poison(found->first, allocation.bytes);
  allocation.has_tensors = true;
  const auto next = tensors_.lower_bound(static_cast<char*>(data));
  const bool overlaps_next = next != tensors_.end() && next->first < static_cast<char*>(data) + bytes;
  const bool overlaps_previous = next != tensors_.begin() && std::prev(next)->first + std::prev(next)->second > static_cast<char*>(data);
  if (overlaps_next || overlaps_previous) fault("a tensor begins where another one is alive");
  char* start = static_cast<char*>(data);
  tensors_[start] = bytes;
  unpoison(start, bytes);
  std::memset(start, 0xff, bytes);
  write_red(start + bytes, std::min(start + round_up(bytes, kTensorAlign), found->first + allocation.bytes));
}

void DeviceMemory::tensor_ends(void* data, size_t bytes) {
  const auto found = tensors_.find(static_cast<char*>(data));
  if (found == tensors_.end() || found->second != bytes) fault("a tensor ends that never began");
  live_begin_ = live_end_ = nullptr;
  char* start = found->first;
  const auto allocation = find(start);
  check_red(start + bytes, std::min(start + round_up(bytes, kTensorAlign), allocation->first + allocation->second.bytes), "a tensor");
  poison(start, bytes);
  tensors_.erase(found);
}

void DeviceMemory::check_red(const char* end, const char* until, const char* what) const {
  for (const char* at = end; at < until; ++at) {
    if (static_cast<unsigned char>(*at) == kRedByte) continue;
    fault(std::string(what) + " of the device was written " + std::to_string(at - end) + " bytes past its end, which was found when it ended");
  }
}

bool DeviceMemory::find_live(const char* at, size_t bytes) const {
  const auto found = find(at);
  if (found == allocations_.end()) return false;
  const char *begin = found->first, *end = begin + found->second.bytes;
  if (found->second.has_tensors) {
    const auto next = tensors_.upper_bound(const_cast<char*>(at));
    if (next == tensors_.begin() || std::prev(next)->first < begin) return false;
    begin = std::prev(next)->first;
    end = begin + std::prev(next)->second;
  }
  if (at + bytes > end) return false;
  live_begin_ = begin;
  live_end_ = end;
  return true;
}

void DeviceMemory::check(const void* address, size_t bytes, const char* what) const {
  if (bytes == 0 || live(address, bytes)) return;
  const char* at = static_cast<const char*>(address);
  const auto past = [&](const char* end, const std::string& of) {
    fault(std::string(what) + " up to " + std::to_string(at + bytes - end) + " bytes past the end of " + of);
  };
  const auto found = find(address);
  if (found == allocations_.end()) fault(std::string(what) + " before every allocation of the device");
  const char* end = found->first + found->second.bytes;
  if (at + bytes > end) past(end, "an allocation of the device, of " + std::to_string(found->second.bytes) + " bytes");
  const auto next = tensors_.upper_bound(const_cast<char*>(at));
  if (next == tensors_.begin() || std::prev(next)->first < found->first) fault(std::string(what) + " before every live tensor of an arena");
  const auto& [start, size] = *std::prev(next);
  past(start + size, "a live tensor, of " + std::to_string(size) + " bytes");
}

void DeviceMemory::open() {
  if (open_++ == 0) protect(PROT_READ | PROT_WRITE);
}

void DeviceMemory::close() {
  if (--open_ == 0) protect(PROT_NONE);
}

// Only what is allocated is opened: guard pages and freed ranges stay closed for kernels, too.
void DeviceMemory::protect(int access) {
  for (const auto& [start, allocation] : allocations_) {
    const size_t rounded = round_up(allocation.bytes, kAllocationAlign);
    mprotect(start + rounded - allocation.mapped, allocation.mapped, access);
  }
}

}  // namespace rankwise::emulator
