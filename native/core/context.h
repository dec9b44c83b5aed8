#pragma once
#include "core/arena.h"
#include "ops/ops.h"

namespace rankwise {

// What every part of a run computes with: the device's operations, its memory, and the run's precision.
struct Context {
  Backend& ops;
  Arena& arena;
  Product product = Product::f32;    // arithmetic of the products
  DType activation = DType::f32;     // type of activations and of frozen dense weights

  Tensor passing(DType dtype, int64_t rows, int64_t cols, Category category) const {
    return Tensor(arena, dtype, rows, cols, category, Lifetime::passing);
  }
  Tensor lasting(DType dtype, int64_t rows, int64_t cols, Category category) const {
    return Tensor(arena, dtype, rows, cols, category, Lifetime::lasting);
  }
};

}  // namespace rankwise
