#include "cpu/workspace.h"

#include <algorithm>
#include <thread>

#include "cpu/gemm.h"

namespace rankwise {
namespace {

Tensor lasting_bytes(Arena& arena, uint64_t bytes) {
  return Tensor(arena, DType::u8, 1, static_cast<int64_t>(bytes), Category::workspace, Lifetime::lasting);
}

}  // namespace

int resolve_threads(int threads) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return threads <= 0 ? cores : std::min(threads, cores);
}

CpuWorkspace::CpuWorkspace(Arena& arena, int threads)
    : shared_(lasting_bytes(arena, kGemmSharedBytes)),
      threads_(lasting_bytes(arena, kGemmThreadBytes * static_cast<uint64_t>(threads))),
      partial_sums_(lasting_bytes(arena, kPieces * sizeof(double))) {}

}  // namespace rankwise
