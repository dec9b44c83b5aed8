#pragma once
#include <functional>
#include <optional>
#include <utility>

#include "core/thread_pool.h"
#include "cpu/dispatch.h"
#include "cpu/isa/vector_kernels.h"
#include "cpu/workspace.h"
#include "ops/ops.h"

namespace rankwise {

// The operations on this processor. Results do not depend on the number of threads where the work is cut by rows, columns or fixed
// pieces, which is everywhere in this class; products and attention state their own promise.
class CpuBackend final : public Backend {
 public:
  // threads ≤ 0: every core. Takes its workspace (cpu/workspace.h) from the arena, which must be a real one and outlive it. `isa` is the
  // best the processor has unless given. Throws E_CPU where the processor lacks AVX2 and FMA.
  CpuBackend(Arena& arena, int threads, std::optional<Isa> isa = std::nullopt);

  const char* name() const override { return "cpu"; }
  int threads() const override { return pool_.size(); }
  Isa isa() const { return isa_; }

  void upload(const void* from, const View& to) override;
  void download(const View& from, void* to) override;

  using Backend::matmul;
  void matmul(std::span<const Term> terms, const View& out, Product product, const Epilogue& epilogue) override;

  void rmsnorm(const View& x, const View& gamma, float epsilon, const View& y, const View& rstd) override;
  void rmsnorm_backward(const View& dy, const View& x, const View& gamma, const View& rstd, const View* add, const View& dx,
                        const View* dgamma, const View& scratch) override;
  void rope(const View& x, int64_t head_dim, const View& positions, const View& cos, const View& sin, bool inverse) override;
  void swiglu(const View& gate, const View& up, const View& out) override;
  void swiglu_backward(const View& dout, const View& gate, const View& up, const View& dgate, const View& dup, const View* act) override;
  void geglu(const View& gate, const View& up, const View& out) override;
  void geglu_backward(const View& dout, const View& gate, const View& up, const View& dgate, const View& dup, const View* act) override;

  void attention(const AttentionShape& shape, const View& q, const View& k, const View& v, const View& segment_start, const View& out,
                 const View* lse, const View& scratch) override;
  void attention_backward(const AttentionShape& shape, const View& dout, const View& q, const View& k, const View& v, const View& out,
                          const View& segment_start, const View& lse, const View& dq, const View& dk, const View& dv,
                          const View& scratch) override;

  uint64_t attention_scratch_bytes(const AttentionShape& shape) const override;

  // Ids, targets and positions out of range throw E_INDEX.
  void embedding(const View& ids, const View& table, const View& out) override;
  void embedding_backward(const View& ids, const View& dout, const View& dtable) override;
  void softcap(const View& x, float cap) override;
  void softcap_backward(const View& y, float cap, const View& dy) override;
  void cross_entropy(const View& logits, const View& targets, const View& losses, bool gradient, float scale) override;

  void zero(const View& x) override;
  void copy(const View& from, const View& to) override;
  void axpby(float alpha, const View& x, float beta, const View& y) override;
  void multiply(const View& a, const View& b, const View& out) override;
  void column_sum(const View& x, const View& out, const View& scratch) override;
  void fill_normal(const View& x, float deviation, const RandomStream& stream) override;
  void fill_uniform(const View& x, float low, float high, const RandomStream& stream) override;
  double sum_squares(const View& x) override;
  double sum_squares(std::span<const View> tensors) override;
  double sum(const View& x) override;
  double squared_distance(const View& a, const View& b) override;

  void adamw(const View& parameter, const View& gradient, const View& m, const View& v, const AdamStep& step) override;
  void adamw8(const View& parameter, const View& gradient, const Adam8State& state, const AdamStep& step) override;
  void adam_direction(const View& gradient, const View& m, const View& v, const View& update, const AdamStep& step) override;
  void adam_direction8(const View& gradient, const Adam8State& state, const View& update, const AdamStep& step) override;

  void quantize_nf4(const View& from, const Nf4View& to, const View& scratch) override;
  void dequantize_nf4(const Nf4View& from, const View& to) override;

  void eigh_top(std::span<const EighTask> tasks) override;
  void orthonormalize_rows(const View& a, const View& scratch) override;
  void fix_row_signs(const View& a) override;
  void pseudo_inverse_symmetric(const View& a, const View& out, const View& scratch) override;

 private:
  void gate(GateKernel kernel, const View& gate, const View& up, const View& out);
  void gate_backward(GateBackwardKernel kernel, const View& dout, const View& gate, const View& up, const View& dgate, const View& dup,
                     const View* act);
  // body(begin, end, member) over parts of [0, count); small jobs stay on the calling thread.
  template <class Body>
  void split(int64_t count, int64_t grain, const Body& body) {
    if (count <= 0) return;
    if (count <= grain || pool_.size() == 1) {
      body(int64_t{0}, count, 0);
    } else {
      pool_.parallel_for(count, grain, std::cref(body));
    }
  }
  // body(row, column, n) over spans that cover views shaped like `shape`: pieces of rows, or of the whole where `flat`.
  template <class Body>
  void spans(const View& shape, bool flat, const Body& body);
  // Σ of piece(row, column, n) in the fixed order and the fixed pieces that ops.h promises.
  template <class Piece>
  double fixed_order_sum(const View& shape, bool flat, const Piece& piece);

  ThreadPool pool_;
  Isa isa_;
  const VectorKernels& kernels_;
  CpuWorkspace workspace_;
};

}  // namespace rankwise
