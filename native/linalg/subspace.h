#pragma once
#include <span>

#include "core/context.h"

namespace rankwise {

// Asks for the leading subspace of a gradient G [m × n] on its smaller side p = min(m, n): as rows of basis [r × p] the top-r right
// singular vectors where n ≤ m, else the top-r left ones. Orthonormal, descending, signs fixed (largest entry positive).
struct SubspaceTask {
  View gradient;  // f32
  View basis;     // f32
  uint64_t name = 0;  // tells the random start of one layer from another's
};

// Whether the smaller side is the input side (ties go there): the basis then multiplies x, and the trained factor is [m × r].
inline bool input_side(int64_t out, int64_t in) { return in <= out; }

// Up to kGramLimit through the eigenvectors of the Gram matrix (exact for the leading vectors, several layers at once, one thread
// each); beyond it by randomized subspace iteration (Halko, Martinsson, Tropp 2011) with oversampling r/8 (8 to 32) and two power
// iterations. Workspace is taken under Category::events.
constexpr int64_t kGramLimit = 1536;
void top_subspaces(const Context& context, std::span<const SubspaceTask> tasks, uint64_t seed);

// ‖A·Bᵀ‖²_F / r of two orthonormal row bases [r × p]: 1 = the same subspace, r/p = unrelated.
double subspace_overlap(const Context& context, const View& a, const View& b);

}  // namespace rankwise
