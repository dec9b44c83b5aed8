#pragma once
#include "cuda/host/card.h"
#include "cuda/host/copies.h"
#include "cuda/host/workspace.h"
#include "ops/ops.h"

namespace rankwise {

// The operations on an NVIDIA card, through the CUDA library's table. Results do not depend on the card but for the products, whose
// order of addition is cuBLASLt's: the same card and library give the same bits.
class CudaBackend final : public Backend {
 public:
  // Takes its workspace from the arena, which must lie on the card; both outlive the backend. `tile_bytes`: how much of a tile of the
  // workspace products use (tests cut small matrices with it).
  CudaBackend(CudaCard& card, Arena& arena, uint64_t tile_bytes = CudaWorkspace::kTileBytes);

  const char* name() const override { return "cuda"; }
  int threads() const override { return kCudaStrips; }
  bool host_memory() const override { return false; }
  HostCopies* host_copies() override { return &copies_; }
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

  uint64_t attention_scratch_bytes(const AttentionShape& shape) const override { return cuda_attention_scratch_bytes(shape); }

  // Ids, targets and positions out of range throw E_INDEX at the next wait.
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
  uint64_t eigh_scratch_bytes(int64_t p) const override { return cuda_eigh_scratch_bytes(p); }
  void orthonormalize_rows(const View& a, const View& scratch) override;
  void fix_row_signs(const View& a) override;
  void pseudo_inverse_symmetric(const View& a, const View& out, const View& scratch) override;
  uint64_t pseudo_inverse_scratch_bytes(int64_t r) const override { return cuda_pseudo_inverse_scratch_bytes(r); }

 private:
  CudaCard& card_;
  const rw_cuda_table& table_;
  CudaWorkspace workspace_;
  CudaCopies copies_;
};

}  // namespace rankwise
