#pragma once
#include <cstdint>

#include "core/view.h"

namespace rankwise {

// A card's copies to and from page-locked memory of the host, beside its operations. Only backends have it whose tensors lie elsewhere.
class HostCopies {
 public:
  virtual ~HostCopies() = default;
  // Page-locked memory, outside the arena; null on the meta backend. Throws E_MEMORY.
  virtual void* take(uint64_t bytes) = 0;
  virtual void give(void* memory, uint64_t bytes) = 0;
  // The most that was taken at once.
  virtual uint64_t peak_bytes() const = 0;

  // Begins behind every operation called so far. Until finish() the tensor must neither be given back nor used.
  virtual void* begin_out(const View& from, void* host) = 0;
  virtual void* begin_in(const void* host, const View& to) = 0;
  // Operations called from now on come after the copy. The host does not wait.
  virtual void finish(void* copy) = 0;
};

// Counts what is taken.
class HostCopiesTally {
 public:
  void take(uint64_t bytes) {
    live_ += bytes;
    if (live_ > peak_) peak_ = live_;
  }
  void give(uint64_t bytes) { live_ -= bytes; }
  uint64_t peak() const { return peak_; }

 private:
  uint64_t live_ = 0, peak_ = 0;
};

}  // namespace rankwise
