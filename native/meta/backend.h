#pragma once
#include <variant>

#include "cpu/workspace.h"
#include "cuda/host/workspace.h"
#include "ops/ops.h"

namespace rankwise {

// Sizes without data: the same checks, the same workspace and the same scratch as the backend of the device it stands for, and a count
// of floating-point operations instead of results. Numbers that would be read from data are 0.
class MetaBackend final : public Backend {
 public:
  // Stands for CpuBackend with this number of threads, or for CudaBackend, whose answer does not depend on it.
  MetaBackend(Arena& arena, int threads, DeviceKind device = DeviceKind::cpu);

  const char* name() const override { return "meta"; }
  int threads() const override { return threads_; }
  HostCopies* host_copies() override { return on_card() ? &copies_ : nullptr; }
  void upload(const void* from, const View& to) override;
  void download(const View& from, void* to) override;
  // 2·M·N·K per term of a product, 4·D (forward) and 10·D (backward) per pair of query and key of a head that the causal mask lets
  // meet, one per element for everything else.
  double operations() const { return operations_; }

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
  uint64_t eigh_scratch_bytes(int64_t p) const override;
  void orthonormalize_rows(const View& a, const View& scratch) override;
  void fix_row_signs(const View& a) override;
  void pseudo_inverse_symmetric(const View& a, const View& out, const View& scratch) override;
  uint64_t pseudo_inverse_scratch_bytes(int64_t r) const override;

 private:
  // Sizes alone.
  class Copies final : public HostCopies {
   public:
    void* take(uint64_t bytes) override { return tally_.take(bytes), nullptr; }
    void give(void*, uint64_t bytes) override { tally_.give(bytes); }
    uint64_t peak_bytes() const override { return tally_.peak(); }
    void* begin_out(const View&, void*) override { return nullptr; }
    void* begin_in(const void*, const View&) override { return nullptr; }
    void finish(void*) override {}

   private:
    HostCopiesTally tally_;
  };
  bool on_card() const { return std::holds_alternative<CudaWorkspace>(workspace_); }
  void count(double operations) { operations_ += operations; }
  void count_elements(const View& x) { operations_ += static_cast<double>(x.size()); }

  int threads_;
  std::variant<std::monostate, CpuWorkspace, CudaWorkspace> workspace_;
  Copies copies_;
  double operations_ = 0;
};

}  // namespace rankwise
