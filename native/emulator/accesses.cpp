#include "emulator/accesses.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "emulator/block_run.h"
#include "emulator/device_memory.h"
#include "emulator/faults.h"

namespace rankwise::emulator {
namespace {

constexpr uint32_t kManyBlocks = 0xffffffffu;
constexpr uint16_t kManyThreads = 0xffff;
constexpr uint8_t kManyWarps = 0xff;

const char* verb(Accesses::Kind kind) {
  switch (kind) {
    case Accesses::Kind::read: return "read";
    case Accesses::Kind::write: return "write";
    case Accesses::Kind::atomic: return "atomic";
  }
  return "?";
}

// Where in the program: "library+0x1234", for addr2line.
std::string code_place(const void* code) {
  Dl_info info{};
  if (!dladdr(code, &info) || !info.dli_fname) return "?";
  const char* name = std::strrchr(info.dli_fname, '/');
  char offset[32];
  std::snprintf(offset, sizeof offset, "+%#zx", static_cast<size_t>(static_cast<const char*>(code) - static_cast<const char*>(info.dli_fbase)) - 1);
  return std::string(name ? name + 1 : info.dli_fname) + offset;
}

// Shared memory of another block is other memory at the same address.
bool ordered(const Touch& before, const Touch& now, bool shared) {
  if (before.block == 0) return true;
  if (before.block != now.block) return shared;
  if (before.epoch < now.epoch || before.thread == now.thread) return true;
  return before.warp == now.warp && before.warp_epoch < now.warp_epoch;
}

// What is ordered before `now` needs no memory of its own: whatever comes after `now` comes after it, too.
void merge(Touch& kept, const Touch& now, bool shared) {
  if (ordered(kept, now, shared)) {
    kept = now;
    return;
  }
  if (kept.block != now.block) {
    kept.block = kManyBlocks;
    return;
  }
  kept.thread = kManyThreads;
  if (kept.warp != now.warp) kept.warp = kManyWarps;
  kept.warp_epoch = std::max(kept.warp_epoch, now.warp_epoch);
}
}  // namespace

Accesses& Accesses::the() {
  static Accesses accesses;
  return accesses;
}

void Accesses::launch_begins(const void* arguments, size_t argument_bytes) {
  ++launch_;
  arguments_ = static_cast<const char*>(arguments);
  argument_bytes_ = argument_bytes;
  counted_ = {};
}

void Accesses::launch_ended(LaunchCount& count) {
  count.bytes_read += counted_.bytes_read;
  count.bytes_written += counted_.bytes_written;
  count.bytes_requested += counted_.bytes_requested;
}

bool Accesses::in_program(const void* address) {
  const uintptr_t number = reinterpret_cast<uintptr_t>(address) / 4096;
  const auto known = program_pages_.find(number);
  if (known != program_pages_.end()) return known->second;
  Dl_info info{};
  return program_pages_[number] = dladdr(address, &info) != 0;
}

Accesses::Place Accesses::place_of(const void* address, size_t bytes, Kind kind) {
  const DeviceMemory& memory = DeviceMemory::the();
  if (memory.holds(address)) {
    if (!memory.live(address, bytes)) memory.check(address, bytes, ("a " + std::string(verb(kind)) + " of " + std::to_string(bytes) + " bytes").c_str());
    return Place::device;
  }
  BlockRun& block = BlockRun::the();
  const SharedMemory& shared = block.shared();
  if (shared.holds(address)) {
    if (!shared.live(address, bytes)) fault("a " + std::string(verb(kind)) + " outside every shared array of the block");
    return Place::shared;
  }
  if (block.on_own_stack(address)) return Place::unjudged;
  const char* at = static_cast<const char*>(address);
  if (at >= reinterpret_cast<const char*>(thread_now) && at < reinterpret_cast<const char*>(thread_now + 1)) return Place::unjudged;  // threadIdx
  if (at >= arguments_ && at + bytes <= arguments_ + argument_bytes_) return Place::unjudged;
  if (kind == Kind::read && in_program(address)) return Place::unjudged;
  fault("a " + std::string(verb(kind)) + " of host memory");
}

Accesses::Page& Accesses::page(uintptr_t number) {
  if (number != last_number_ || !last_page_) {
    std::unique_ptr<Page>& slot = pages_[number];
    if (!slot) slot = std::make_unique<Page>();
    last_number_ = number;
    last_page_ = slot.get();
  }
  if (last_page_->launch != launch_) {
    std::fill(std::begin(last_page_->cells), std::end(last_page_->cells), Cell{});
    last_page_->launch = launch_;
  }
  return *last_page_;
}

void Accesses::judge(Cell& cell, Kind kind, const Touch& now, bool shared) const {
  const bool both_atomic = kind == Kind::atomic && cell.write.atomic;
  if (!both_atomic && !ordered(cell.write, now, shared)) report(cell.write, cell.write.atomic ? "atomic" : "write", now, verb(kind));
  if (kind != Kind::read && !ordered(cell.read, now, shared)) report(cell.read, "read", now, verb(kind));
  if (kind == Kind::read) {
    merge(cell.read, now, shared);
  } else {
    merge(cell.write, now, shared);
    if (kind == Kind::write) cell.read = Touch{};
  }
}

void Accesses::count(Cell& cell, Kind kind) {
  if (kind != Kind::write && !cell.was_read && !cell.was_written) {
    cell.was_read = true;
    ++counted_.bytes_read;
  }
  if (kind != Kind::read && !cell.was_written) {
    cell.was_written = true;
    ++counted_.bytes_written;
  }
}

void Accesses::access(const void* address, size_t bytes, Kind kind, const void* code) {
  BlockRun& block = BlockRun::the();
  if (!block.running()) return;
  const Place place = place_of(address, bytes, kind);
  if (place == Place::unjudged) return;
  const int warp = thread_now->linear >> 5;
  Touch now;
  now.block = 1 + block_now.index.x + block_now.blocks.x * (block_now.index.y + block_now.blocks.y * block_now.index.z);
  now.thread = static_cast<uint16_t>(thread_now->linear);
  now.epoch = static_cast<uint16_t>(block.epoch());
  now.warp_epoch = static_cast<uint16_t>(block.warp_epoch(warp));
  now.warp = static_cast<uint8_t>(warp);
  now.atomic = kind == Kind::atomic;
  now.code = code;
  if (block.epoch() > 0xffff || block.warp_epoch(warp) > 0xffff) fault("a block has more barriers than the access checker counts");
  if (place == Place::device) counted_.bytes_requested += bytes;
  const auto first = reinterpret_cast<uintptr_t>(address);
  for (uintptr_t at = first; at < first + bytes; ++at) {
    Cell& cell = page(at / kPageBytes).cells[at % kPageBytes];
    judge(cell, kind, now, place == Place::shared);
    if (place == Place::device) count(cell, kind);
  }
}

void Accesses::report(const Touch& before, const char* earlier, const Touch& now, const char* later) const {
  const auto who = [](const Touch& t) {
    if (t.block == kManyBlocks) return std::string("several blocks");
    if (t.thread == kManyThreads) return "several threads of block " + std::to_string(t.block - 1);
    return "thread " + std::to_string(t.thread) + " of block " + std::to_string(t.block - 1);
  };
  fault("a race: " + std::string(later) + " by " + who(now) + " at " + code_place(now.code) + " and " + earlier + " by " + who(before) + " at " +
        code_place(before.code) + " are not ordered");
}

}  // namespace rankwise::emulator
