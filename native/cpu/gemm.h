#pragma once
#include <span>

#include "core/thread_pool.h"
#include "cpu/dispatch.h"
#include "ops/ops.h"

namespace rankwise {

// Memory that a product works in: one operand's packed panels, common to all members, and each member's own panels and sums.
constexpr uint64_t kGemmSharedBytes = uint64_t{8} << 20;
constexpr uint64_t kGemmThreadBytes = uint64_t{2} << 20;

struct GemmWorkspace {
  void* shared;      // kGemmSharedBytes, aligned to 64
  void* per_thread;  // kGemmThreadBytes for each member of the pool, aligned to 64
};

// out = alpha · Σ terms + bias + add, as Backend::matmul says; shapes are the caller's business. Sums are f32 over all of K and all
// terms and are rounded to out's type once. Every element is summed in an order that depends on the shapes alone, so results do not
// change with the number of threads. Throws E_CPU where `isa` has no kernels.
void gemm(ThreadPool& pool, Isa isa, const GemmWorkspace& workspace, std::span<const Term> terms, const View& out, Product product,
          const Epilogue& epilogue);

}  // namespace rankwise
