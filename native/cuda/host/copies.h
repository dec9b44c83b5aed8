#pragma once
#include "cuda/host/card.h"
#include "ops/host_copies.h"

namespace rankwise {

// A card's copies beside its operations.
class CudaCopies final : public HostCopies {
 public:
  explicit CudaCopies(CudaCard& card) : card_(card) {}
  void* take(uint64_t bytes) override;
  void give(void* memory, uint64_t bytes) override;
  uint64_t peak_bytes() const override { return tally_.peak(); }
  void* begin_out(const View& from, void* host) override;
  void* begin_in(const void* host, const View& to) override;
  void finish(void* copy) override;

 private:
  CudaCard& card_;
  HostCopiesTally tally_;
};

}  // namespace rankwise
