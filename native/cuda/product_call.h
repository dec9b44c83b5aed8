#pragma once
#include <array>
#include <map>

#include "cuda/boundary.h"
#include "cuda/cublaslt.h"

namespace rankwise::cuda {

// A matrix as cuBLASLt gets it: stored row-major, read as it stands or transposed.
struct Factor {
  rw_view view;
  bool transposed;
};

// The algorithms that cuBLASLt's heuristic has chosen, by shape, types and alignment: asking takes longer than many a product.
class ProductPlans {
 public:
  // out = alpha · a·b + (c ? *c : 0): a [M × K], b [K × N]; both f32 (out f32) or both bf16 (out f32 or bf16); c like out, may be out.
  int32_t multiply(rw_card* card, const Factor& a, const Factor& b, float alpha, const rw_view* c, const rw_view& out);

 private:
  using Key = std::array<int64_t, 14>;
  std::map<Key, cublasLtMatmulAlgo_t> algorithms_;
};

}  // namespace rankwise::cuda
