#include "cuda/host/workspace.h"

namespace rankwise {

namespace {

Tensor lasting_bytes(Arena& arena, uint64_t bytes) {
  return Tensor(arena, DType::u8, 1, static_cast<int64_t>(bytes), Category::workspace, Lifetime::lasting);
}

}  // namespace

CudaWorkspace::CudaWorkspace(Arena& arena)
    : products_(lasting_bytes(arena, kProductBytes)),
      tiles_{lasting_bytes(arena, kTileBytes), lasting_bytes(arena, kTileBytes), lasting_bytes(arena, kTileBytes)},
      small_(lasting_bytes(arena, kSmallBytes)) {}

// Forward needs nothing. Backward: one number per row and head, and dq in f32, because dq may take the place of q while other blocks
// still read it.
uint64_t cuda_attention_scratch_bytes(const AttentionShape& shape) {
  if (shape.query_length != shape.key_length) return 0;
  const uint64_t rows = static_cast<uint64_t>(shape.batch * shape.query_length * shape.heads);
  return rows * (1 + static_cast<uint64_t>(shape.head_dim)) * sizeof(float);
}

// The rotations gathered, and eigenvalues with their order.
uint64_t cuda_eigh_scratch_bytes(int64_t p) { return static_cast<uint64_t>(p * p + 2 * p) * sizeof(float); }

// The matrix and its rotations in double, and eigenvalues with their order.
uint64_t cuda_pseudo_inverse_scratch_bytes(int64_t r) { return static_cast<uint64_t>(2 * r * r + 2 * r) * sizeof(double); }

}  // namespace rankwise
