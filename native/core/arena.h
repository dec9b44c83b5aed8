#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "core/view.h"

namespace rankwise {

enum class Category : uint8_t { weights, deltas, gradients, optimizer, activations, workspace, events, cache };
constexpr int kCategories = 8;
const char* name_of(Category category);

// Lasting blocks (weights, optimizer states) and passing ones (activations, workspace) live in two regions, so that what
// passes leaves no holes among what lasts.
enum class Lifetime : uint8_t { lasting, passing };

struct ArenaUsage {
  uint64_t peak_bytes = 0;                                // high-water mark of the two regions together
  uint64_t live_bytes = 0;
  std::array<uint64_t, kCategories> live_by_category{};
  std::array<uint64_t, kCategories> peak_by_category{};   // what was live when the high-water mark was last raised
  uint64_t unused_at_peak = 0;                            // holes below the mark at that moment: peak = sum(peak_by_category) + this
};

// Memory of a card, reserved once and cut up by an Arena. The blocks' lives are told so that an emulated card can watch accesses.
class DeviceMemory {
 public:
  virtual ~DeviceMemory() = default;
  virtual void* reserve(uint64_t bytes) = 0;  // throws E_MEMORY
  virtual void release(void* address) = 0;
  virtual void begin_block(void* address, uint64_t bytes) = 0;
  virtual void end_block(void* address, uint64_t bytes) = 0;
};

// The one accounted allocator of a run. A real arena owns memory; a sizes-only arena (the planner's) hands out null pointers
// but places every block at the same offsets, so that both report the same peak for the same sequence of calls.
// Best fit, lowest address first, neighbours coalesced; blocks are multiples of 64 bytes and so aligned. Not thread-safe: the
// thread that drives the run owns it. Memory is not cleared.
class Arena {
 public:
  enum class Kind { real, sizes_only };
  // `budget` in bytes; 0 = none. Exceeding it throws E_BUDGET.
  Arena(Kind kind, uint64_t budget);
  // A real arena in `capacity` bytes of a card, which outlives it: both regions in one reservation, one from each end.
  Arena(DeviceMemory& memory, uint64_t capacity);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  struct Block {
    uint64_t offset = 0;
    uint64_t bytes = 0;
    uint64_t asked = 0;  // before rounding
    Lifetime lifetime = Lifetime::passing;
    Category category = Category::workspace;
    void* data = nullptr;
  };
  Block allocate(uint64_t bytes, Category category, Lifetime lifetime);
  void release(const Block& block);

  const ArenaUsage& usage() const { return usage_; }
  bool real() const { return kind_ == Kind::real; }
  // Highest use since the last call of reset_phase_peak(): the planner's figures per phase.
  uint64_t phase_peak() const { return phase_peak_; }
  void reset_phase_peak();

 private:
  struct Region {
    char* base = nullptr;
    uint64_t reserved = 0;
    uint64_t mark = 0;                       // high-water mark
    uint64_t end = 0;                        // end of the last live block
    std::map<uint64_t, uint64_t> holes;      // offset → bytes, below `end`
  };
  uint64_t place(Region& region, uint64_t bytes);
  void* address(const Region& region, Lifetime lifetime, uint64_t offset, uint64_t bytes) const;
  Kind kind_;
  DeviceMemory* device_ = nullptr;
  uint64_t budget_;
  std::array<Region, 2> regions_;
  ArenaUsage usage_;
  uint64_t phase_peak_ = 0;
};

// A matrix owned by its holder, returned to the arena when it goes out of scope.
class Tensor {
 public:
  Tensor() = default;
  Tensor(Arena& arena, DType dtype, int64_t rows, int64_t cols, Category category, Lifetime lifetime);
  ~Tensor() { reset(); }
  Tensor(Tensor&& other) noexcept { *this = std::move(other); }
  Tensor& operator=(Tensor&& other) noexcept;
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;

  void reset();
  explicit operator bool() const { return arena_ != nullptr; }
  const View& view() const { return view_; }
  operator const View&() const { return view_; }
  template <class T>
  T* as() const { return static_cast<T*>(view_.data); }
  uint64_t bytes() const { return block_.bytes; }

 private:
  Arena* arena_ = nullptr;
  Arena::Block block_;
  View view_;
};

}  // namespace rankwise
