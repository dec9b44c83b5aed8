#include "ledger/recording_backend.h"

#include "ledger/card_costs.h"

namespace rankwise::ledger {

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::products: return "products";
    case Kind::attention: return "attention";
    case Kind::rows: return "norm, position, gate";
    case Kind::tokens: return "embedding and loss";
    case Kind::optimizer: return "optimizer";
    case Kind::quantization: return "quantization";
    case Kind::linear_algebra: return "small linear algebra";
    case Kind::sums: return "sums";
    case Kind::moves: return "copies and fills";
  }
  return "?";
}

void RecordingBackend::upload(const void* from, const View& to) {
  inner_.upload(from, to);
  note("upload", Kind::moves, to.size() > 0 ? launch(0, bytes_in(to)) : Traffic());
}

void RecordingBackend::download(const View& from, void* to) {
  inner_.download(from, to);
  note("download", Kind::moves, ledger::download(from));
}

void RecordingBackend::matmul(std::span<const Term> terms, const View& out, Product product, const Epilogue& epilogue) {
  inner_.matmul(terms, out, product, epilogue);
  const bool bf16 = product == Product::bf16;
  note(bf16 ? "matmul bf16" : "matmul f32", Kind::products, ledger::matmul(terms, out, product, epilogue, tile_bytes_), bf16);
}

void RecordingBackend::rmsnorm(const View& x, const View& gamma, float epsilon, const View& y, const View& rstd) {
  inner_.rmsnorm(x, gamma, epsilon, y, rstd);
  note("rmsnorm", Kind::rows, ledger::rmsnorm(x, gamma, y, rstd));
}

void RecordingBackend::rmsnorm_backward(const View& dy, const View& x, const View& gamma, const View& rstd, const View* add, const View& dx,
                                        const View* dgamma, const View& scratch) {
  inner_.rmsnorm_backward(dy, x, gamma, rstd, add, dx, dgamma, scratch);
  note("rmsnorm_backward", Kind::rows, ledger::rmsnorm_backward(dy, x, gamma, rstd, add, dx, dgamma));
}

void RecordingBackend::rope(const View& x, int64_t head_dim, const View& positions, const View& cos, const View& sin, bool inverse) {
  inner_.rope(x, head_dim, positions, cos, sin, inverse);
  note("rope", Kind::rows, ledger::rope(x, head_dim, positions, cos));
}

void RecordingBackend::swiglu(const View& gate, const View& up, const View& out) {
  inner_.swiglu(gate, up, out);
  note("swiglu", Kind::rows, ledger::swiglu(gate));
}

void RecordingBackend::swiglu_backward(const View& dout, const View& gate, const View& up, const View& dgate, const View& dup,
                                       const View* act) {
  inner_.swiglu_backward(dout, gate, up, dgate, dup, act);
  note("swiglu_backward", Kind::rows, ledger::swiglu_backward(gate, act));
}

void RecordingBackend::geglu(const View& gate, const View& up, const View& out) {
  inner_.geglu(gate, up, out);
  note("geglu", Kind::rows, ledger::geglu(gate));
}

void RecordingBackend::geglu_backward(const View& dout, const View& gate, const View& up, const View& dgate, const View& dup,
                                      const View* act) {
  inner_.geglu_backward(dout, gate, up, dgate, dup, act);
  note("geglu_backward", Kind::rows, ledger::geglu_backward(gate, act));
}

void RecordingBackend::attention(const AttentionShape& shape, const View& q, const View& k, const View& v, const View& segment_start,
                                 const View& out, const View* lse, const View& scratch) {
  inner_.attention(shape, q, k, v, segment_start, out, lse, scratch);
  note("attention", Kind::attention, ledger::attention(shape, q, k, lse));
}

void RecordingBackend::attention_backward(const AttentionShape& shape, const View& dout, const View& q, const View& k, const View& v,
                                          const View& out, const View& segment_start, const View& lse, const View& dq, const View& dk,
                                          const View& dv, const View& scratch) {
  inner_.attention_backward(shape, dout, q, k, v, out, segment_start, lse, dq, dk, dv, scratch);
  note("attention_backward", Kind::attention, ledger::attention_backward(shape, q, k));
}

void RecordingBackend::embedding(const View& ids, const View& table, const View& out) {
  inner_.embedding(ids, table, out);
  note("embedding", Kind::tokens, ledger::embedding(ids, table, out));
}

void RecordingBackend::embedding_backward(const View& ids, const View& dout, const View& dtable) {
  inner_.embedding_backward(ids, dout, dtable);
  note("embedding_backward", Kind::tokens, ledger::embedding_backward(ids, dout, dtable));
}

void RecordingBackend::softcap(const View& x, float cap) {
  inner_.softcap(x, cap);
  note("softcap", Kind::tokens, ledger::softcap(x));
}

void RecordingBackend::softcap_backward(const View& y, float cap, const View& dy) {
  inner_.softcap_backward(y, cap, dy);
  note("softcap_backward", Kind::tokens, ledger::softcap_backward(y));
}

void RecordingBackend::cross_entropy(const View& logits, const View& targets, const View& losses, bool gradient, float scale) {
  inner_.cross_entropy(logits, targets, losses, gradient, scale);
  note("cross_entropy", Kind::tokens, ledger::cross_entropy(logits, targets, gradient));
}

void RecordingBackend::zero(const View& x) {
  inner_.zero(x);
  note("zero", Kind::moves, ledger::zero(x));
}

void RecordingBackend::copy(const View& from, const View& to) {
  inner_.copy(from, to);
  note("copy", Kind::moves, ledger::copy(from, to));
}

void RecordingBackend::axpby(float alpha, const View& x, float beta, const View& y) {
  inner_.axpby(alpha, x, beta, y);
  note("axpby", Kind::moves, ledger::axpby(x, beta, y));
}

void RecordingBackend::multiply(const View& a, const View& b, const View& out) {
  inner_.multiply(a, b, out);
  note("multiply", Kind::moves, ledger::multiply(a));
}

void RecordingBackend::column_sum(const View& x, const View& out, const View& scratch) {
  inner_.column_sum(x, out, scratch);
  note("column_sum", Kind::sums, ledger::column_sum(x));
}

void RecordingBackend::fill_normal(const View& x, float deviation, const RandomStream& stream) {
  inner_.fill_normal(x, deviation, stream);
  note("fill_normal", Kind::moves, ledger::fill(x));
}

void RecordingBackend::fill_uniform(const View& x, float low, float high, const RandomStream& stream) {
  inner_.fill_uniform(x, low, high, stream);
  note("fill_uniform", Kind::moves, ledger::fill(x));
}

double RecordingBackend::sum_squares(const View& x) {
  const double sum = inner_.sum_squares(x);
  note("sum_squares", Kind::sums, ledger::sums(std::span(&x, 1)));
  return sum;
}

double RecordingBackend::sum_squares(std::span<const View> tensors) {
  const double sum = inner_.sum_squares(tensors);
  note("sum_squares", Kind::sums, ledger::sums(tensors));
  return sum;
}

double RecordingBackend::sum(const View& x) {
  const double sum = inner_.sum(x);
  note("sum", Kind::sums, ledger::sums(std::span(&x, 1)));
  return sum;
}

double RecordingBackend::squared_distance(const View& a, const View& b) {
  const double distance = inner_.squared_distance(a, b);
  note("squared_distance", Kind::sums, ledger::squared_distance(a, b));
  return distance;
}

void RecordingBackend::adamw(const View& parameter, const View& gradient, const View& m, const View& v, const AdamStep& step) {
  inner_.adamw(parameter, gradient, m, v, step);
  note("adamw", Kind::optimizer, ledger::adamw(parameter, gradient, m));
}

void RecordingBackend::adamw8(const View& parameter, const View& gradient, const Adam8State& state, const AdamStep& step) {
  inner_.adamw8(parameter, gradient, state, step);
  note("adamw8", Kind::optimizer, ledger::adamw8(parameter, gradient));
}

void RecordingBackend::adam_direction(const View& gradient, const View& m, const View& v, const View& update, const AdamStep& step) {
  inner_.adam_direction(gradient, m, v, update, step);
  note("adam_direction", Kind::optimizer, ledger::adam_direction(gradient, m, update));
}

void RecordingBackend::adam_direction8(const View& gradient, const Adam8State& state, const View& update, const AdamStep& step) {
  inner_.adam_direction8(gradient, state, update, step);
  note("adam_direction8", Kind::optimizer, ledger::adam_direction8(gradient, update));
}

void RecordingBackend::quantize_nf4(const View& from, const Nf4View& to, const View& scratch) {
  inner_.quantize_nf4(from, to, scratch);
  note("quantize_nf4", Kind::quantization, ledger::quantize_nf4(from, to));
}

void RecordingBackend::dequantize_nf4(const Nf4View& from, const View& to) {
  inner_.dequantize_nf4(from, to);
  note("dequantize_nf4", Kind::quantization, ledger::dequantize_nf4(from, to));
}

void RecordingBackend::eigh_top(std::span<const EighTask> tasks) {
  inner_.eigh_top(tasks);
  note("eigh_top", Kind::linear_algebra, ledger::eigh_top(tasks));
}

void RecordingBackend::orthonormalize_rows(const View& a, const View& scratch) {
  inner_.orthonormalize_rows(a, scratch);
  note("orthonormalize_rows", Kind::linear_algebra, ledger::orthonormalize_rows(a));
}

void RecordingBackend::fix_row_signs(const View& a) {
  inner_.fix_row_signs(a);
  note("fix_row_signs", Kind::linear_algebra, ledger::fix_row_signs(a));
}

void RecordingBackend::pseudo_inverse_symmetric(const View& a, const View& out, const View& scratch) {
  inner_.pseudo_inverse_symmetric(a, out, scratch);
  note("pseudo_inverse_symmetric", Kind::linear_algebra, ledger::pseudo_inverse_symmetric(a));
}

}  // namespace rankwise::ledger
