#include "emulator/device_memory.h"

#include <sys/mman.h>

#include <cstring>
#include <string>

#include "emulator/faults.h"
#include "emulator/settings.h"

namespace rankwise::emulator {
namespace {
constexpr size_t kPage = 4096;
constexpr size_t kReserved = size_t{1} << 38;  // address space: freed ranges are never handed out again
constexpr uint64_t kDefaultCapacity = uint64_t{2} << 30;
// What the driver and the modules of a context take on a real card.
constexpr uint64_t kContextBytes = uint64_t{16} << 20;
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
  const size_t rounded = (bytes + 255) / 256 * 256;
  if (rounded == 0 || rounded > capacity_ || used_ + rounded > capacity_) return nullptr;
  const size_t mapped = (rounded + kPage - 1) / kPage * kPage;
  if (top_ + mapped + 2 * kPage > reserved_) fault("the address space of the emulated device is used up");
  char* data = base_ + top_ + kPage + (mapped - rounded);
  top_ += mapped + kPage;
  used_ += rounded;
  allocations_[data] = {bytes, mapped};
  // A larger allocation is an arena: its tensors are filled when they begin.
  constexpr size_t kFilled = 1 << 20;
  open();
  mprotect(data - (mapped - rounded), mapped, PROT_READ | PROT_WRITE);
  if (bytes <= kFilled) std::memset(data, 0xff, bytes);
  close();
  if (open_ == 0) mprotect(data - (mapped - rounded), mapped, PROT_NONE);
  return data;
}

bool DeviceMemory::release(void* data) {
  const auto found = allocations_.find(static_cast<char*>(data));
  if (found == allocations_.end()) return false;
  const auto& [start, allocation] = *found;
  const size_t rounded = (allocation.bytes + 255) / 256 * 256;
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
  allocations_[found->first].has_tensors = true;
  const auto next = tensors_.lower_bound(static_cast<char*>(data));
  const bool overlaps_next = next != tensors_.end() && next->first < static_cast<char*>(data) + bytes;
  const bool overlaps_previous = next != tensors_.begin() && std::prev(next)->first + std::prev(next)->second > static_cast<char*>(data);
  if (overlaps_next || overlaps_previous) fault("a tensor begins where another one is alive");
  tensors_[static_cast<char*>(data)] = bytes;
  std::memset(data, 0xff, bytes);
}

void DeviceMemory::tensor_ends(void* data, size_t bytes) {
  const auto found = tensors_.find(static_cast<char*>(data));
  if (found == tensors_.end() || found->second != bytes) fault("a tensor ends that never began");
  tensors_.erase(found);
}

void DeviceMemory::check(const void* address, size_t bytes, const char* what) const {
  if (bytes == 0) return;
  const auto found = find(address);
  const char* at = static_cast<const char*>(address);
  if (found == allocations_.end() || at >= found->first + found->second.bytes) fault(std::string(what) + " outside every allocation of the device");
  if (at + bytes > found->first + found->second.bytes) fault(std::string(what) + " past the end of an allocation of the device");
  if (!found->second.has_tensors) return;
  auto next = tensors_.upper_bound(const_cast<char*>(at));
  if (next == tensors_.begin()) fault(std::string(what) + " outside every live tensor");
  --next;
  if (at + bytes <= next->first + next->second) return;
  const auto past = std::to_string(at + bytes - (next->first + next->second));
  fault(std::string(what) + " " + past + " bytes past the end of the live tensor of " + std::to_string(next->second) + " bytes before it");
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
    const size_t rounded = (allocation.bytes + 255) / 256 * 256;
    mprotect(start + rounded - allocation.mapped, allocation.mapped, access);
  }
}

}  // namespace rankwise::emulator
