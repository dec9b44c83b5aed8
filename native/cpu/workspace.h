#pragma once
#include "core/arena.h"

namespace rankwise {

// threads ≤ 0: every core of the machine; never more than that.
int resolve_threads(int threads);

// What a CPU backend keeps for itself as long as it lives: panels of the products, and partial sums. The meta backend takes the same,
// so that a plan and a run agree to the byte.
class CpuWorkspace {
 public:
  static constexpr int64_t kPieces = 4096;  // partial sums at a time

  CpuWorkspace(Arena& arena, int threads);
  void* product_shared() const { return shared_.view().data; }
  void* product_threads() const { return threads_.view().data; }  // kGemmThreadBytes each
  double* partial_sums() const { return partial_sums_.as<double>(); }

 private:
  Tensor shared_, threads_, partial_sums_;
};

}  // namespace rankwise
