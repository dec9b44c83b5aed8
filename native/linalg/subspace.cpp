#include "linalg/subspace.h"

#include <algorithm>
#include <vector>

namespace rankwise {

namespace {

// Gᵀ or G, so that rows are what the wanted vectors live in: X [q × p] with p the smaller side.
Operand tall(const View& gradient, bool transposed) {
  return Operand(gradient, input_side(gradient.rows, gradient.cols) ? transposed : !transposed);
}

// What the device wants beside an eigenproblem of p; nothing on the processor.
Tensor scratch_of(const Context& context, int64_t p) {
  const uint64_t bytes = context.ops.eigh_scratch_bytes(p);
  return bytes ? context.passing(DType::u8, 1, static_cast<int64_t>(bytes), Category::events) : Tensor();
}

void by_iteration(const Context& context, const SubspaceTask& task, uint64_t seed) {
  const int64_t r = task.basis.rows, p = task.basis.cols;
  const int64_t q = std::max(task.gradient.rows, task.gradient.cols);
  const int64_t k = std::min(p, r + std::clamp<int64_t>(r / 8, 8, 32));
  Tensor on_small = context.passing(DType::f32, k, p, Category::events);
  Tensor on_large = context.passing(DType::f32, k, q, Category::events);
  Tensor scratch = context.passing(DType::f32, k, q, Category::events);
  auto orthonormalize = [&](const Tensor& rows) {
    context.ops.orthonormalize_rows(rows, view_of(scratch.view().data, DType::f32, rows.view().rows, rows.view().cols));
  };
  context.ops.fill_normal(on_small, 1.0f, {seed, task.name, 0});
  for (int pass = 0; pass < 3; ++pass) {
    context.ops.matmul(Operand(on_small), tall(task.gradient, true), on_large, Product::f32);
    orthonormalize(on_large);
    context.ops.matmul(Operand(on_large), tall(task.gradient, false), on_small, Product::f32);
    orthonormalize(on_small);
  }
  context.ops.matmul(Operand(on_small), tall(task.gradient, true), on_large, Product::f32);
  Tensor gram = context.passing(DType::f32, k, k, Category::events);
  Tensor vectors = context.passing(DType::f32, r, k, Category::events);
  Tensor values = context.passing(DType::f32, 1, r, Category::events);
  context.ops.matmul(Operand(on_large), Operand(on_large, true), gram, Product::f32);
  Tensor eigh_scratch = scratch_of(context, k);
  const Backend::EighTask eigh{gram, vectors, values, eigh_scratch};
  context.ops.eigh_top(std::span(&eigh, 1));
  context.ops.matmul(Operand(vectors), Operand(on_small), task.basis, Product::f32);
  context.ops.fix_row_signs(task.basis);
}

}  // namespace

void top_subspaces(const Context& context, std::span<const SubspaceTask> tasks, uint64_t seed) {
  std::vector<Tensor> owned;
  std::vector<Backend::EighTask> eigh;
  for (const SubspaceTask& task : tasks) {
    const int64_t p = task.basis.cols;
    if (p > kGramLimit) continue;
    owned.push_back(context.passing(DType::f32, p, p, Category::events));
    const View gram = owned.back();
    owned.push_back(context.passing(DType::f32, 1, task.basis.rows, Category::events));
    const View values = owned.back();
    owned.push_back(scratch_of(context, p));
    context.ops.matmul(tall(task.gradient, true), tall(task.gradient, false), gram, Product::f32);
    eigh.push_back({gram, task.basis, values, owned.back().view()});
  }
  if (!eigh.empty()) context.ops.eigh_top(eigh);
  owned.clear();
  for (const SubspaceTask& task : tasks) {
    if (task.basis.cols > kGramLimit) by_iteration(context, task, seed);
  }
}

double subspace_overlap(const Context& context, const View& a, const View& b) {
  Tensor cross = context.passing(DType::f32, a.rows, b.rows, Category::events);
  context.ops.matmul(Operand(a), Operand(b, true), cross, Product::f32);
  return context.ops.sum_squares(cross) / static_cast<double>(a.rows);
}

}  // namespace rankwise
