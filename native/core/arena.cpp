#include "core/arena.h"

#include <sys/mman.h>

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace rankwise {

namespace {
constexpr uint64_t kAlign = 64;
// What is reserved when no budget bounds the arena: address space only, pages are taken when they are first written.
constexpr uint64_t kUnbounded = uint64_t{1} << 42;
}  // namespace

const char* name_of(Category category) {
  switch (category) {
    case Category::weights: return "weights";
    case Category::deltas: return "deltas";
    case Category::gradients: return "gradients";
    case Category::optimizer: return "optimizer";
    case Category::activations: return "activations";
    case Category::workspace: return "workspace";
    case Category::events: return "events";
    case Category::cache: return "cache";
  }
  return "?";
}

Arena::Arena(Kind kind, uint64_t budget) : kind_(kind), budget_(budget) {
  for (Region& region : regions_) {
    region.reserved = budget ? (budget + kAlign - 1) / kAlign * kAlign : kUnbounded;
    if (!real()) continue;
    void* base = mmap(nullptr, region.reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
      fail("E_MEMORY", "The system refuses to reserve " + human_bytes(region.reserved) + " of address space.",
           "Raise the limit on virtual memory (ulimit -v) or set device.memoryBudget.");
    }
    madvise(base, region.reserved, MADV_HUGEPAGE);
    region.base = static_cast<char*>(base);
  }
}

Arena::Arena(DeviceMemory& memory, uint64_t capacity) : kind_(Kind::real), device_(&memory), budget_((capacity + kAlign - 1) / kAlign * kAlign) {
  char* base = static_cast<char*>(memory.reserve(budget_));
  for (Region& region : regions_) {
    region.base = base;
    region.reserved = budget_;
  }
}

Arena::~Arena() {
  if (device_) {
    device_->release(regions_[0].base);
    return;
  }
  for (Region& region : regions_) {
    if (region.base) munmap(region.base, region.reserved);
  }
}

uint64_t Arena::place(Region& region, uint64_t bytes) {
  auto best = region.holes.end();
  for (auto hole = region.holes.begin(); hole != region.holes.end(); ++hole) {
    if (hole->second >= bytes && (best == region.holes.end() || hole->second < best->second)) best = hole;
  }
  if (best == region.holes.end()) {
    const uint64_t offset = region.end;
    region.end += bytes;
    return offset;
  }
  const auto [offset, size] = *best;
  region.holes.erase(best);
  if (size > bytes) region.holes.emplace(offset + bytes, size - bytes);
  return offset;
}

// On a card passing blocks are counted from the end of the reservation: the two regions share it and never meet, because their
// high-water marks together are bounded by its size.
void* Arena::address(const Region& region, Lifetime lifetime, uint64_t offset, uint64_t bytes) const {
  if (!real()) return nullptr;
  if (device_ && lifetime == Lifetime::passing) return region.base + (region.reserved - offset - bytes);
  return region.base + offset;
}

Arena::Block Arena::allocate(uint64_t asked, Category category, Lifetime lifetime) {
  const uint64_t bytes = std::max<uint64_t>(kAlign, (asked + kAlign - 1) / kAlign * kAlign);
  Region& region = regions_[static_cast<size_t>(lifetime)];
  const uint64_t offset = place(region, bytes);
  usage_.live_bytes += bytes;
  usage_.live_by_category[static_cast<size_t>(category)] += bytes;
  phase_peak_ = std::max(phase_peak_, regions_[0].end + regions_[1].end);
  if (region.end > region.mark) {
    region.mark = region.end;
    usage_.peak_bytes = regions_[0].mark + regions_[1].mark;
    usage_.peak_by_category = usage_.live_by_category;
    usage_.unused_at_peak = usage_.peak_bytes - usage_.live_bytes;
    if (budget_ && usage_.peak_bytes > budget_) {
      fail("E_BUDGET", "This run needs at least " + human_bytes(usage_.peak_bytes) + " of the " + human_bytes(budget_) + " budget.",
           "Ask `rankwise plan` what would make it fit, or raise device.memoryBudget.");
    }
  }
  void* data = address(region, lifetime, offset, bytes);
  if (device_) device_->begin_block(data, asked);
  return {offset, bytes, asked, lifetime, category, data};
}

void Arena::release(const Block& block) {
  if (device_) device_->end_block(block.data, block.asked);
  Region& region = regions_[static_cast<size_t>(block.lifetime)];
  usage_.live_bytes -= block.bytes;
  usage_.live_by_category[static_cast<size_t>(block.category)] -= block.bytes;
  uint64_t begin = block.offset, end = block.offset + block.bytes;
  auto next = region.holes.lower_bound(begin);
  if (next != region.holes.end() && next->first == end) {
    end += next->second;
    next = region.holes.erase(next);
  }
  if (next != region.holes.begin()) {
    auto previous = std::prev(next);
    if (previous->first + previous->second == begin) {
      begin = previous->first;
      region.holes.erase(previous);
    }
  }
  if (end == region.end) {
    region.end = begin;
  } else {
    region.holes.emplace(begin, end - begin);
  }
}

void Arena::reset_phase_peak() { phase_peak_ = regions_[0].end + regions_[1].end; }

Tensor::Tensor(Arena& arena, DType dtype, int64_t rows, int64_t cols, Category category, Lifetime lifetime)
    : arena_(&arena), block_(arena.allocate(static_cast<uint64_t>(rows) * static_cast<uint64_t>(cols) * bytes_of(dtype), category, lifetime)) {
  view_ = view_of(block_.data, dtype, rows, cols);
}

Tensor& Tensor::operator=(Tensor&& other) noexcept {
  if (this != &other) {
    reset();
    arena_ = other.arena_;
    block_ = other.block_;
    view_ = other.view_;
    other.arena_ = nullptr;
    other.view_ = View{};
  }
  return *this;
}

void Tensor::reset() {
  if (arena_) arena_->release(block_);
  arena_ = nullptr;
  view_ = View{};
}

}  // namespace rankwise
