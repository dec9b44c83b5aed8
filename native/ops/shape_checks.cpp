#include "ops/shape_checks.h"

#include <string>

#include "core/error.h"

namespace rankwise::shape_checks {
namespace {

std::string described(const View& v) {
  std::string text = "[" + std::to_string(v.rows) + " x " + std::to_string(v.cols) + "] " + name_of(v.dtype);
  if (v.ld != v.cols && v.rows > 1) text += " ld " + std::to_string(v.ld);
  return text;
}

void demand(bool ok, const char* code, const char* operation, const char* rule, std::initializer_list<const View*> views) {
  if (ok) return;
  std::string sentence = std::string(operation) + ": " + rule;
  for (const View* v : views) sentence += " " + described(*v);
  fail(code, sentence + ".");
}

struct Checker {
  const char* operation;

  void shape(bool ok, const char* rule, std::initializer_list<const View*> views) const { demand(ok, "E_SHAPE", operation, rule, views); }
  void type(bool ok, const char* rule, std::initializer_list<const View*> views) const { demand(ok, "E_DTYPE", operation, rule, views); }

  void rows_apart(const View& v) const {
    shape(v.rows >= 0 && v.cols >= 0 && (v.rows <= 1 || v.ld >= v.cols), "rows must not overlap:", {&v});
  }
  void floats(const View& v) const {
    type(v.dtype == DType::f32 || v.dtype == DType::bf16, "needs f32 or bf16, got", {&v});
    rows_apart(v);
  }
  void f32(const View& v, const char* rule) const {
    type(v.dtype == DType::f32, rule, {&v});
    rows_apart(v);
  }
  void i32_list(const View& v, int64_t count, const char* rule) const {
    type(v.dtype == DType::i32, rule, {&v});
    shape(v.rows == 1 && v.cols == count, rule, {&v});
  }
  void f32_list(const View& v, int64_t count, const char* rule) const {
    type(v.dtype == DType::f32, rule, {&v});
    shape(v.rows == 1 && v.cols == count, rule, {&v});
  }
  // Same shape and type as the first.
  void alike(const View& first, std::initializer_list<const View*> others) const {
    floats(first);
    for (const View* v : others) {
      shape(v->rows == first.rows && v->cols == first.cols, "shapes differ:", {&first, v});
      type(v->dtype == first.dtype, "types differ:", {&first, v});
      rows_apart(*v);
    }
  }
  void same_shape(const View& a, const View& b) const {
    floats(a);
    floats(b);
    shape(a.rows == b.rows && a.cols == b.cols, "shapes differ:", {&a, &b});
  }
  void flat(const View& v) const { shape(v.contiguous(), "needs contiguous elements, got", {&v}); }
  void scratch_bytes(const View& scratch, uint64_t bytes) const {
    if (bytes == 0) return;
    type(scratch.dtype == DType::u8, "scratch must be u8, got", {&scratch});
    shape(static_cast<uint64_t>(scratch.size()) >= bytes && scratch.contiguous(), "scratch is too small:", {&scratch});
  }
  void room(const View& scratch, int64_t floats_needed, const char* rule) const {
    type(scratch.dtype == DType::f32, rule, {&scratch});
    shape(scratch.size() >= floats_needed && scratch.contiguous(), rule, {&scratch});
  }
};

void operand(const Checker& c, const Operand& o) {
  if (!o.is_nf4) return c.floats(o.dense);
  c.shape(o.nf4.rows >= 0 && o.nf4.cols >= 0, "an NF4 operand has negative sizes", {});
}

void attention_arguments(const Checker& c, const AttentionShape& s, const View& q, const View& k, const View& v,
                         const View& segment_start, const View& out, const View& scratch, uint64_t scratch_bytes) {
  c.shape(s.batch >= 0 && s.query_length >= 0 && s.key_length >= s.query_length && s.heads > 0 && s.kv_heads > 0 && s.head_dim > 0 &&
              s.heads % s.kv_heads == 0 && s.window >= 0 && s.softcap >= 0,
          "needs key_length >= query_length, heads divisible by kv_heads, no negative window and no negative softcap", {});
  c.alike(q, {&out});
  c.alike(k, {&v});
  c.type(q.dtype == k.dtype, "types differ:", {&q, &k});
  c.shape(q.rows == s.batch * s.query_length && q.cols == s.heads * s.head_dim, "q does not fit the attention shape:", {&q});
  c.shape(k.rows == s.batch * s.key_length && k.cols == s.kv_heads * s.head_dim, "k does not fit the attention shape:", {&k});
  c.i32_list(segment_start, s.batch * s.query_length, "segment_start must be [1 x rows of q] i32, got");
  c.scratch_bytes(scratch, scratch_bytes);
}

}  // namespace

void matmul(std::span<const Term> terms, const View& out, const Epilogue& epilogue) {
  const Checker c{"matmul"};
  c.floats(out);
  c.shape(!terms.empty(), "needs a term", {});
  for (const Term& term : terms) {
    operand(c, term.a);
    operand(c, term.b);
    if (term.a.rows() != out.rows || term.b.cols() != out.cols || term.a.cols() != term.b.rows()) {
      fail("E_SHAPE", "matmul: [" + std::to_string(term.a.rows()) + " x " + std::to_string(term.a.cols()) + "] times [" +
                          std::to_string(term.b.rows()) + " x " + std::to_string(term.b.cols()) + "] does not give " + described(out) +
                          ".");
    }
  }
  if (epilogue.bias) {
    c.floats(*epilogue.bias);
    c.shape(epilogue.bias->rows == 1 && epilogue.bias->cols == out.cols, "bias must be [1 x N]:", {epilogue.bias, &out});
  }
  if (epilogue.add) c.same_shape(*epilogue.add, out);
}

void rmsnorm(const View& x, const View& gamma, const View& y, const View& rstd) {
  const Checker c{"rmsnorm"};
  c.alike(x, {&y});
  c.floats(gamma);
  c.shape(gamma.rows == 1 && gamma.cols == x.cols, "gamma must be [1 x d]:", {&gamma, &x});
  c.f32_list(rstd, x.rows, "rstd must be [1 x N] f32, got");
}

void rmsnorm_backward(const View& dy, const View& x, const View& gamma, const View& rstd, const View* add, const View& dx,
                      const View* dgamma, const View& scratch, int threads) {
  const Checker c{"rmsnorm_backward"};
  c.alike(x, {&dy, &dx});
  if (add) c.alike(x, {add});
  c.floats(gamma);
  c.shape(gamma.rows == 1 && gamma.cols == x.cols, "gamma must be [1 x d]:", {&gamma, &x});
  c.f32_list(rstd, x.rows, "rstd must be [1 x N] f32, got");
  if (dgamma) {
    c.f32_list(*dgamma, x.cols, "dgamma must be [1 x d] f32, got");
    c.room(scratch, threads * x.cols, "scratch must be threads x d f32, got");
  }
}

void rope(const View& x, int64_t head_dim, const View& positions, const View& cos, const View& sin) {
  const Checker c{"rope"};
  c.floats(x);
  c.shape(head_dim > 0 && head_dim % 2 == 0 && x.cols % head_dim == 0, "needs an even head_dim that divides the columns of", {&x});
  c.i32_list(positions, x.rows, "positions must be [1 x N] i32, got");
  c.f32(cos, "cos must be f32, got");
  c.f32(sin, "sin must be f32, got");
  const bool fit = cos.cols >= 1 && cos.cols <= head_dim / 2 && sin.cols == cos.cols && cos.rows == sin.rows;
  c.shape(fit, "cos and sin must be [positions x pairs], at most head_dim/2 of them:", {&cos, &sin});
}

void gate(const char* name, const View& gate, const View& up, const View& out) { Checker{name}.alike(gate, {&up, &out}); }

void gate_backward(const char* name, const View& dout, const View& gate, const View& up, const View& dgate, const View& dup, const View* act) {
  const Checker c{name};
  c.alike(gate, {&up, &dout, &dgate, &dup});
  if (act) c.alike(gate, {act});
}

void attention(const AttentionShape& shape, const View& q, const View& k, const View& v, const View& segment_start, const View& out,
               const View* lse, const View& scratch, uint64_t scratch_bytes) {
  const Checker c{"attention"};
  attention_arguments(c, shape, q, k, v, segment_start, out, scratch, scratch_bytes);
  if (lse) c.f32_list(*lse, shape.batch * shape.heads * shape.query_length, "lse must be [1 x batch*heads*Tq] f32, got");
}

void attention_backward(const AttentionShape& shape, const View& dout, const View& q, const View& k, const View& v, const View& out,
                        const View& segment_start, const View& lse, const View& dq, const View& dk, const View& dv, const View& scratch,
                        uint64_t scratch_bytes) {
  const Checker c{"attention_backward"};
  attention_arguments(c, shape, q, k, v, segment_start, out, scratch, scratch_bytes);
  c.shape(shape.query_length == shape.key_length, "needs query_length = key_length", {});
  c.alike(q, {&dout, &dq});
  c.alike(k, {&dk, &dv});
  c.f32_list(lse, shape.batch * shape.heads * shape.query_length, "lse must be [1 x batch*heads*Tq] f32, got");
}

void embedding(const View& ids, const View& table, const View& out) {
  const Checker c{"embedding"};
  c.floats(table);
  c.floats(out);
  c.i32_list(ids, out.rows, "ids must be [1 x N] i32, got");
  c.shape(table.cols == out.cols, "widths differ:", {&table, &out});
}

void embedding_backward(const View& ids, const View& dout, const View& dtable) {
  const Checker c{"embedding_backward"};
  c.floats(dout);
  c.f32(dtable, "the gradient must be f32, got");
  c.i32_list(ids, dout.rows, "ids must be [1 x N] i32, got");
  c.shape(dtable.cols == dout.cols, "widths differ:", {&dtable, &dout});
}

void softcap(const View& x, float cap) {
  const Checker c{"softcap"};
  c.floats(x);
  c.shape(cap > 0, "needs a positive cap for", {&x});
}

void softcap_backward(const View& y, float cap, const View& dy) {
  const Checker c{"softcap_backward"};
  c.alike(y, {&dy});
  c.shape(cap > 0, "needs a positive cap for", {&y});
}

void cross_entropy(const View& logits, const View& targets, const View& losses) {
  const Checker c{"cross_entropy"};
  c.floats(logits);
  c.shape(logits.cols > 0, "needs a vocabulary:", {&logits});
  c.i32_list(targets, logits.rows, "targets must be [1 x n] i32, got");
  c.f32_list(losses, logits.rows, "losses must be [1 x n] f32, got");
}

void copy(const View& from, const View& to) {
  const Checker c{"copy"};
  c.shape(from.rows == to.rows && from.cols == to.cols, "shapes differ:", {&from, &to});
  c.rows_apart(from);
  c.rows_apart(to);
  if (from.dtype != to.dtype) c.same_shape(from, to);
}

void multiply(const View& a, const View& b, const View& out) {
  const Checker c{"multiply"};
  for (const View* v : {&a, &b, &out}) {
    c.f32(*v, "needs f32, got");
    c.flat(*v);
    c.shape(v->size() == a.size(), "sizes differ:", {&a, v});
  }
}

void axpby(const View& x, const View& y) { Checker{"axpby"}.same_shape(x, y); }

void column_sum(const View& x, const View& out, const View& scratch, int threads) {
  const Checker c{"column_sum"};
  c.floats(x);
  c.f32_list(out, x.cols, "out must be [1 x cols] f32, got");
  c.room(scratch, threads * x.cols, "scratch must be threads x cols f32, got");
}

void floats(const char* operation, const View& x) { Checker{operation}.floats(x); }

void f32(const char* operation, const View& x) { Checker{operation}.f32(x, "needs f32, got"); }

void squared_distance(const View& a, const View& b) { Checker{"squared_distance"}.same_shape(a, b); }

void adam(const View& parameter, const View& gradient, const View& m, const View& v) {
  const Checker c{"adam"};
  c.alike(m, {&v});
  for (const View* x : {&parameter, &gradient, &m, &v}) {
    c.floats(*x);
    c.flat(*x);
    c.shape(x->size() == parameter.size(), "sizes differ:", {&parameter, x});
  }
}

void adam8(const View& parameter, const View& gradient) {
  const Checker c{"adam8"};
  for (const View* x : {&parameter, &gradient}) {
    c.floats(*x);
    c.flat(*x);
  }
  c.shape(parameter.size() == gradient.size(), "sizes differ:", {&parameter, &gradient});
}

void quantize_nf4(const View& dense, const Nf4View& nf4, const View& scratch) {
  dequantize_nf4(nf4, dense);
  if (nf4.double_quantized) Checker{"quantize_nf4"}.room(scratch, nf4.blocks(), "scratch must hold one f32 per block, got");
}

void dequantize_nf4(const Nf4View& nf4, const View& dense) {
  const Checker c{"nf4"};
  c.floats(dense);
  c.flat(dense);
  c.shape(dense.size() == nf4.size(), "the NF4 storage has another number of elements than", {&dense});
}

void contiguous_bytes(const char* operation, const View& x) { Checker{operation}.flat(x); }

void eigh_top(std::span<const Backend::EighTask> tasks, const Backend& ops) {
  const Checker c{"eigh_top"};
  for (const Backend::EighTask& task : tasks) {
    c.f32(task.gram, "gram must be f32, got");
    c.f32(task.out, "out must be f32, got");
    c.shape(task.gram.rows == task.gram.cols && task.out.cols == task.gram.cols && task.out.rows <= task.gram.rows,
            "needs gram [p x p] and out [r x p], r <= p:", {&task.gram, &task.out});
    c.f32_list(task.eigenvalues, task.out.rows, "eigenvalues must be [1 x r] f32, got");
    c.scratch_bytes(task.scratch, ops.eigh_scratch_bytes(task.gram.rows));
  }
}

void orthonormalize_rows(const View& a, const View& scratch) {
  const Checker c{"orthonormalize_rows"};
  c.f32(a, "needs f32, got");
  c.shape(a.rows <= a.cols, "more rows than columns:", {&a});
  c.room(scratch, a.size(), "scratch must be r x n f32, got");
}

void pseudo_inverse_symmetric(const View& a, const View& out, const View& scratch, const Backend& ops) {
  const Checker c{"pseudo_inverse_symmetric"};
  c.f32(a, "needs f32, got");
  c.f32(out, "needs f32, got");
  c.shape(a.rows == a.cols && out.rows == a.rows && out.cols == a.cols, "needs two square matrices of one size:", {&a, &out});
  c.scratch_bytes(scratch, ops.pseudo_inverse_scratch_bytes(a.rows));
}

}  // namespace rankwise::shape_checks
