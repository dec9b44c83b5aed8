#pragma once
#include <span>

#include "ops/ops.h"

// What every backend demands of the arguments of an operation (E_SHAPE, E_DTYPE), written once, so that a call that would fail on the
// processor or a card also fails on the meta backend, before a run starts.
namespace rankwise::shape_checks {

void matmul(std::span<const Term> terms, const View& out, const Epilogue& epilogue);
void rmsnorm(const View& x, const View& gamma, const View& y, const View& rstd);
void rmsnorm_backward(const View& dy, const View& x, const View& gamma, const View& rstd, const View* add, const View& dx,
                      const View* dgamma, const View& scratch, int threads);
void rope(const View& x, int64_t head_dim, const View& positions, const View& cos, const View& sin);
// swiglu or geglu, which `name` says.
void gate(const char* name, const View& gate, const View& up, const View& out);
void gate_backward(const char* name, const View& dout, const View& gate, const View& up, const View& dgate, const View& dup, const View* act);
void attention(const AttentionShape& shape, const View& q, const View& k, const View& v, const View& segment_start, const View& out,
               const View* lse, const View& scratch, uint64_t scratch_bytes);
void attention_backward(const AttentionShape& shape, const View& dout, const View& q, const View& k, const View& v, const View& out,
                        const View& segment_start, const View& lse, const View& dq, const View& dk, const View& dv, const View& scratch,
                        uint64_t scratch_bytes);
void embedding(const View& ids, const View& table, const View& out);
void embedding_backward(const View& ids, const View& dout, const View& dtable);
void softcap(const View& x, float cap);
void softcap_backward(const View& y, float cap, const View& dy);
void cross_entropy(const View& logits, const View& targets, const View& losses);
void copy(const View& from, const View& to);
void multiply(const View& a, const View& b, const View& out);
void axpby(const View& x, const View& y);
void column_sum(const View& x, const View& out, const View& scratch, int threads);
void contiguous_bytes(const char* operation, const View& x);
void floats(const char* operation, const View& x);  // f32 or bf16
void f32(const char* operation, const View& x);
void squared_distance(const View& a, const View& b);
void adam(const View& parameter, const View& gradient, const View& m, const View& v);
void adam8(const View& parameter, const View& gradient);
void quantize_nf4(const View& dense, const Nf4View& nf4, const View& scratch);
void dequantize_nf4(const Nf4View& nf4, const View& dense);
void eigh_top(std::span<const Backend::EighTask> tasks, const Backend& ops);
void orthonormalize_rows(const View& a, const View& scratch);
void pseudo_inverse_symmetric(const View& a, const View& out, const View& scratch, const Backend& ops);

}  // namespace rankwise::shape_checks
