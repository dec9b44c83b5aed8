#pragma once
#include "core/arena.h"
#include "ops/ops.h"

namespace rankwise {

// What CudaBackend::threads() answers: strips into which the sums over rows are cut.
constexpr int kCudaStrips = 64;

// What a card keeps for itself as long as a backend lives. The meta backend takes the same, so that a plan and a run agree to the byte.
class CudaWorkspace {
 public:
  static constexpr uint64_t kProductBytes = uint64_t{32} << 20;  // what NVIDIA advises for cuBLASLt from Hopper on
  // The most of an operand that exists in another type than it is stored in: fits the second-level cache of the cards we plan for.
  static constexpr uint64_t kTileBytes = uint64_t{16} << 20;
  static constexpr uint64_t kSmallBytes = uint64_t{64} << 10;

  explicit CudaWorkspace(Arena& arena);
  void* products() const { return products_.view().data; }
  void* tile(int i) const { return tiles_[i].view().data; }
  void* small() const { return small_.view().data; }

 private:
  Tensor products_, tiles_[3], small_;
};

uint64_t cuda_attention_scratch_bytes(const AttentionShape& shape);
uint64_t cuda_eigh_scratch_bytes(int64_t p);
uint64_t cuda_pseudo_inverse_scratch_bytes(int64_t r);

}  // namespace rankwise
