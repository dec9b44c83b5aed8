#include "meta/backend.h"

#include "cpu/attention.h"
#include "ops/shape_checks.h"

namespace rankwise {
namespace {

double cube(int64_t n) { return static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n); }

}  // namespace

MetaBackend::MetaBackend(Arena& arena, int threads, DeviceKind device)
    : threads_(device == DeviceKind::cuda ? kCudaStrips : resolve_threads(threads)) {
  if (device == DeviceKind::cuda) {
    workspace_.emplace<CudaWorkspace>(arena);
  } else {
    workspace_.emplace<CpuWorkspace>(arena, threads_);
  }
}

void MetaBackend::upload(const void*, const View& to) { shape_checks::contiguous_bytes("upload", to); }

void MetaBackend::download(const View& from, void*) { shape_checks::contiguous_bytes("download", from); }

uint64_t MetaBackend::attention_scratch_bytes(const AttentionShape& shape) const {
  return on_card() ? cuda_attention_scratch_bytes(shape) : cpu_attention_scratch_bytes(shape, threads_);
}

uint64_t MetaBackend::eigh_scratch_bytes(int64_t p) const { return on_card() ? cuda_eigh_scratch_bytes(p) : 0; }

uint64_t MetaBackend::pseudo_inverse_scratch_bytes(int64_t r) const { return on_card() ? cuda_pseudo_inverse_scratch_bytes(r) : 0; }

void MetaBackend::matmul(std::span<const Term> terms, const View& out, Product product, const Epilogue& epilogue) {
  shape_checks::matmul(terms, out, epilogue);
  for (const Term& term : terms) count(2.0 * static_cast<double>(out.size()) * static_cast<double>(term.a.cols()));
}

void MetaBackend::rmsnorm(const View& x, const View& gamma, float epsilon, const View& y, const View& rstd) {
  shape_checks::rmsnorm(x, gamma, y, rstd);
  count_elements(x);
}

void MetaBackend::rmsnorm_backward(const View& dy, const View& x, const View& gamma, const View& rstd, const View* add, const View& dx,
                                   const View* dgamma, const View& scratch) {
  shape_checks::rmsnorm_backward(dy, x, gamma, rstd, add, dx, dgamma, scratch, threads_);
  count_elements(x);
}

void MetaBackend::rope(const View& x, int64_t head_dim, const View& positions, const View& cos, const View& sin, bool inverse) {
  shape_checks::rope(x, head_dim, positions, cos, sin);
  count_elements(x);
}

void MetaBackend::swiglu(const View& gate, const View& up, const View& out) {
  shape_checks::gate("swiglu", gate, up, out);
  count_elements(gate);
}

void MetaBackend::swiglu_backward(const View& dout, const View& gate, const View& up, const View& dgate, const View& dup, const View* act) {
  shape_checks::gate_backward("swiglu_backward", dout, gate, up, dgate, dup, act);
  count_elements(gate);
}

void MetaBackend::geglu(const View& gate, const View& up, const View& out) {
  shape_checks::gate("geglu", gate, up, out);
  count_elements(gate);
}

void MetaBackend::geglu_backward(const View& dout, const View& gate, const View& up, const View& dgate, const View& dup, const View* act) {
  shape_checks::gate_backward("geglu_backward", dout, gate, up, dgate, dup, act);
  count_elements(gate);
}

void MetaBackend::attention(const AttentionShape& shape, const View& q, const View& k, const View& v, const View& segment_start,
                            const View& out, const View* lse, const View& scratch) {
  shape_checks::attention(shape, q, k, v, segment_start, out, lse, scratch, attention_scratch_bytes(shape));
  count(4.0 * static_cast<double>(shape.head_dim) * shape.visible_pairs());
}

void MetaBackend::attention_backward(const AttentionShape& shape, const View& dout, const View& q, const View& k, const View& v,
                                     const View& out, const View& segment_start, const View& lse, const View& dq, const View& dk,
                                     const View& dv, const View& scratch) {
  shape_checks::attention_backward(shape, dout, q, k, v, out, segment_start, lse, dq, dk, dv, scratch, attention_scratch_bytes(shape));
  count(10.0 * static_cast<double>(shape.head_dim) * shape.visible_pairs());
}

void MetaBackend::embedding(const View& ids, const View& table, const View& out) {
  shape_checks::embedding(ids, table, out);
  count_elements(out);
}

void MetaBackend::embedding_backward(const View& ids, const View& dout, const View& dtable) {
  shape_checks::embedding_backward(ids, dout, dtable);
  count_elements(dout);
}

void MetaBackend::softcap(const View& x, float cap) {
  shape_checks::softcap(x, cap);
  count_elements(x);
}

void MetaBackend::softcap_backward(const View& y, float cap, const View& dy) {
  shape_checks::softcap_backward(y, cap, dy);
  count_elements(y);
}

void MetaBackend::cross_entropy(const View& logits, const View& targets, const View& losses, bool gradient, float scale) {
  shape_checks::cross_entropy(logits, targets, losses);
  count_elements(logits);
}

void MetaBackend::zero(const View& x) { count_elements(x); }

void MetaBackend::copy(const View& from, const View& to) {
  shape_checks::copy(from, to);
  count_elements(from);
}

void MetaBackend::axpby(float alpha, const View& x, float beta, const View& y) {
  shape_checks::axpby(x, y);
  count_elements(x);
}

void MetaBackend::multiply(const View& a, const View& b, const View& out) {
  shape_checks::multiply(a, b, out);
  count_elements(a);
}

void MetaBackend::column_sum(const View& x, const View& out, const View& scratch) {
  shape_checks::column_sum(x, out, scratch, threads_);
  count_elements(x);
}

void MetaBackend::fill_normal(const View& x, float deviation, const RandomStream& stream) {
  shape_checks::floats("fill_normal", x);
  count_elements(x);
}

void MetaBackend::fill_uniform(const View& x, float low, float high, const RandomStream& stream) {
  shape_checks::floats("fill_uniform", x);
  count_elements(x);
}

double MetaBackend::sum_squares(const View& x) {
  shape_checks::floats("sum_squares", x);
  count_elements(x);
  return 0;
}

double MetaBackend::sum_squares(std::span<const View> tensors) {
  for (const View& x : tensors) sum_squares(x);
  return 0;
}

double MetaBackend::sum(const View& x) {
  shape_checks::floats("sum", x);
  count_elements(x);
  return 0;
}

double MetaBackend::squared_distance(const View& a, const View& b) {
  shape_checks::squared_distance(a, b);
  count_elements(a);
  return 0;
}

void MetaBackend::adamw(const View& parameter, const View& gradient, const View& m, const View& v, const AdamStep& step) {
  shape_checks::adam(parameter, gradient, m, v);
  count_elements(parameter);
}

void MetaBackend::adamw8(const View& parameter, const View& gradient, const Adam8State& state, const AdamStep& step) {
  shape_checks::adam8(parameter, gradient);
  count_elements(parameter);
}

void MetaBackend::adam_direction(const View& gradient, const View& m, const View& v, const View& update, const AdamStep& step) {
  shape_checks::adam(update, gradient, m, v);
  shape_checks::f32("adam_direction", update);
  count_elements(gradient);
}

void MetaBackend::adam_direction8(const View& gradient, const Adam8State& state, const View& update, const AdamStep& step) {
  shape_checks::adam8(update, gradient);
  shape_checks::f32("adam_direction8", update);
  count_elements(gradient);
}

void MetaBackend::quantize_nf4(const View& from, const Nf4View& to, const View& scratch) {
  shape_checks::quantize_nf4(from, to, scratch);
  count_elements(from);
}

void MetaBackend::dequantize_nf4(const Nf4View& from, const View& to) {
  shape_checks::dequantize_nf4(from, to);
  count_elements(to);
}

// Reduction to tridiagonal form, its vectors, and the rotations of the iteration: about 9 p³.
void MetaBackend::eigh_top(std::span<const EighTask> tasks) {
  shape_checks::eigh_top(tasks, *this);
  for (const EighTask& task : tasks) count(9.0 * cube(task.gram.rows));
}

void MetaBackend::orthonormalize_rows(const View& a, const View& scratch) {
  shape_checks::orthonormalize_rows(a, scratch);
  count(4.0 * static_cast<double>(a.rows) * static_cast<double>(a.size()));
}

void MetaBackend::fix_row_signs(const View& a) {
  shape_checks::f32("fix_row_signs", a);
  count_elements(a);
}

void MetaBackend::pseudo_inverse_symmetric(const View& a, const View& out, const View& scratch) {
  shape_checks::pseudo_inverse_symmetric(a, out, scratch, *this);
  count(11.0 * cube(a.rows));
}

}  // namespace rankwise
