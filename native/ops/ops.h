#pragma once
#include <cstdint>
#include <initializer_list>
#include <span>

#include "core/rng.h"
#include "core/view.h"
#include "ops/host_copies.h"

namespace rankwise {

// The arithmetic of a product: f32 multiplies in float32; bf16 rounds both operands to bfloat16 (to nearest even) and
// accumulates in float32. Operands of any storage are accepted by both.
enum class Product : uint8_t { f32, bf16 };

// One side of a product: a dense f32/bf16 view or NF4 storage, read as it stands or transposed.
struct Operand {
  View dense;
  Nf4View nf4;
  bool is_nf4 = false;
  bool transposed = false;

  Operand(const View& v, bool t = false) : dense(v), transposed(t) {}
  Operand(const Nf4View& v, bool t = false) : nf4(v), is_nf4(true), transposed(t) {}
  int64_t rows() const { int64_t r = is_nf4 ? nf4.rows : dense.rows, c = is_nf4 ? nf4.cols : dense.cols; return transposed ? c : r; }
  int64_t cols() const { int64_t r = is_nf4 ? nf4.rows : dense.rows, c = is_nf4 ? nf4.cols : dense.cols; return transposed ? r : c; }
};

struct Term {
  Operand a;  // [M × K]
  Operand b;  // [K × N]
};

// out = alpha · Σ terms + bias (per column) + add. `add` may be `out` itself (accumulation in out's own type).
struct Epilogue {
  float alpha = 1.0f;
  const View* bias = nullptr;  // [1 × N], f32 or bf16
  const View* add = nullptr;   // [M × N], f32 or bf16
};

struct AttentionShape {
  int64_t batch = 0;
  int64_t query_length = 0;  // rows of q per sequence
  int64_t key_length = 0;    // rows of k and v per sequence; query row i sees keys up to i + key_length − query_length
  int64_t heads = 0;
  int64_t kv_heads = 0;      // heads % kv_heads == 0
  int64_t head_dim = 0;
  float scale = 1.0f;
  int64_t window = 0;        // keys that a query sees at most, its own the last of them; 0 = no limit
  float softcap = 0;         // scores become softcap · tanh(score / softcap) before the softmax; 0 = they stay

  // Keys before it are out of sight of query row i, whatever segment it is in.
  int64_t first_in_window(int64_t i) const {
    const int64_t first = i + 1 + key_length - query_length - window;
    return window > 0 && first > 0 ? first : 0;
  }
  // Pairs of query and key that meet, over all heads and sequences, if nothing but position and window keeps them apart.
  double visible_pairs() const {
    const int64_t ahead = key_length - query_length;
    // Queries from the first on that see all keys up to their own.
    int64_t unlimited = window > 0 && window < key_length ? window - ahead : query_length;
    unlimited = unlimited < 0 ? 0 : unlimited;
    const double all = static_cast<double>(unlimited), rest = static_cast<double>(query_length - unlimited);
    return static_cast<double>(batch * heads) * (all * static_cast<double>(ahead) + all * (all + 1) / 2 + rest * static_cast<double>(window));
  }
};

struct AdamStep {
  float learning_rate = 0;
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  float weight_decay = 0;       // decoupled: p ← p(1 − ηλ) before the step
  int64_t t = 1;                // 1-based step of this parameter's moments
  float gradient_scale = 1.0f;  // multiplies the gradient first (clipping)
  bool epsilon_inside = false;  // false: √(v/bc₂) + ε (torch, bitsandbytes); true: ε added before the correction (HF legacy, GaLore)
  const RandomStream* rounding = nullptr;  // for bf16 parameters: stochastic rounding drawn from this stream
};

struct Adam8State {
  uint8_t* m_codes = nullptr;  // [n]
  uint8_t* v_codes = nullptr;
  float* m_absmax = nullptr;   // [ceil(n / 256)]
  float* v_absmax = nullptr;
};

// Where a run's tensors lie and its operations are computed.
enum class DeviceKind : uint8_t { cpu, cuda };

// The table of operations that every backend implements. Each sees what the calls before it have done, all are deterministic for a
// given number of threads, allocate nothing, and take activations in f32 or bf16 alike (all activation arguments of one call share a
// type unless stated). Gradients of parameters are f32 and are ADDED to what is there. On the meta backend calls only count operations.
// A card works behind the caller: what goes wrong there is thrown by the next call that waits for it (download and the sums).
class Backend {
 public:
  virtual ~Backend() = default;
  virtual const char* name() const = 0;
  // How many work side by side and need scratch of their own: the processor's threads; on a card the strips that rows are cut into.
  virtual int threads() const = 0;

  // ---- host and device ----
  // Whether the host may read and write tensors in place. Everything above the table goes through ops/host_access.h.
  virtual bool host_memory() const { return true; }
  // The bytes of a contiguous tensor. Host memory may be reused when the call returns.
  virtual void upload(const void* from, const View& to) = 0;
  virtual void download(const View& from, void* to) = 0;
  // Copies beside the operations; null where tensors lie in the host's memory.
  virtual HostCopies* host_copies() { return nullptr; }

  // ---- products ----
  // out [M × N] f32 or bf16. All terms share M and N; terms with K = 0 are allowed.
  virtual void matmul(std::span<const Term> terms, const View& out, Product product, const Epilogue& epilogue = {}) = 0;
  void matmul(const Operand& a, const Operand& b, const View& out, Product product, const Epilogue& epilogue = {}) {
    Term term{a, b};
    matmul(std::span<const Term>(&term, 1), out, product, epilogue);
  }

  // ---- normalization, position, gate ----
  // y = x · rstd · gamma, rstd[i] = 1/√(mean(x²) + epsilon). x, y [N × d]; gamma [1 × d] f32 or bf16; rstd [1 × N] f32.
  virtual void rmsnorm(const View& x, const View& gamma, float epsilon, const View& y, const View& rstd) = 0;
  // dx = (add ? *add : 0) + ∂/∂x; dgamma [1 × d] f32 += (skipped where null). dx may alias dy or add. scratch: threads() × d f32.
  virtual void rmsnorm_backward(const View& dy, const View& x, const View& gamma, const View& rstd, const View* add, const View& dx,
                                const View* dgamma, const View& scratch) = 0;
  // Rotates pairs (j, j + p), j < p, of every head in place; the rest of a head stays. x [N × heads·head_dim]; positions [1 × N] i32
  // index the rows of cos, sin [max position × p] f32, p ≤ head_dim/2. inverse: the transpose (backward).
  virtual void rope(const View& x, int64_t head_dim, const View& positions, const View& cos, const View& sin, bool inverse) = 0;
  // out = silu(gate) ⊙ up, all [N × f].
  virtual void swiglu(const View& gate, const View& up, const View& out) = 0;
  // dgate, dup from dout; dgate may alias gate or dout, dup may alias up or dout (dgate ≠ dup). act (nullable): silu(gate) ⊙ up again.
  virtual void swiglu_backward(const View& dout, const View& gate, const View& up, const View& dgate, const View& dup, const View* act) = 0;

  // The same with gelu(x) = x/2 · (1 + tanh(√(2/π)(x + 0.044715x³))) in the place of silu.
  virtual void geglu(const View& gate, const View& up, const View& out) = 0;
  virtual void geglu_backward(const View& dout, const View& gate, const View& up, const View& dgate, const View& dup, const View* act) = 0;

  // ---- attention ----
  // q [batch·Tq × heads·D], k, v [batch·Tk × kv_heads·D] (views with ld, e.g. columns of a joint qkv matrix), out like q.
  // segment_start [1 × batch·Tq] i32: first key (index within the sequence) that query row sees, if its window holds it: documents never mix. lse [1 × batch·heads·Tq]
  // f32 (nullable): log-sum-exp, kept for backward. scratch: attention_scratch_bytes(shape) of u8.
  virtual void attention(const AttentionShape& shape, const View& q, const View& k, const View& v, const View& segment_start, const View& out,
                         const View* lse, const View& scratch) = 0;
  // Query length equals key length here. dq, dk, dv are written (not added); dq may alias q, dk k and dv v: a head's inputs are
  // read before its results are written. Heads that share a kv head are summed in order.
  virtual void attention_backward(const AttentionShape& shape, const View& dout, const View& q, const View& k, const View& v, const View& out,
                                  const View& segment_start, const View& lse, const View& dq, const View& dk, const View& dv, const View& scratch) = 0;
  virtual uint64_t attention_scratch_bytes(const AttentionShape& shape) const = 0;

  // ---- embedding and loss ----
  // out [N × d] (f32 or bf16) = rows ids[i] of table [V × d] (f32 or bf16).
  virtual void embedding(const View& ids, const View& table, const View& out) = 0;
  // dtable [V × d] f32 += rows of dout, in the order of i for every row.
  virtual void embedding_backward(const View& ids, const View& dout, const View& dtable) = 0;
  // x ← cap · tanh(x / cap), f32 or bf16, cap > 0.
  virtual void softcap(const View& x, float cap) = 0;
  // dy ← dy · (1 − (y / cap)²): the gradient of what went into softcap, from that of its result y. Both like x.
  virtual void softcap_backward(const View& y, float cap, const View& dy) = 0;
  // logits [n × V] (f32 or bf16); targets [1 × n] i32, −100 = ignored; losses [1 × n] f32 (0 where ignored).
  // gradient: logits are overwritten by (softmax − onehot) · scale, 0 in ignored rows.
  virtual void cross_entropy(const View& logits, const View& targets, const View& losses, bool gradient, float scale) = 0;

  // ---- elementwise ----
  virtual void zero(const View& x) = 0;
  virtual void copy(const View& from, const View& to) = 0;  // converts between f32 and bf16; other types only to themselves
  // y ← alpha · x + beta · y; x and y f32 or bf16 each; beta = 0 does not read y.
  virtual void axpby(float alpha, const View& x, float beta, const View& y) = 0;
  // out ← a ⊙ b, all f32 and contiguous; out may alias either.
  virtual void multiply(const View& a, const View& b, const View& out) = 0;
  // out [1 × cols] f32 += column sums of x. scratch: threads() × cols f32.
  virtual void column_sum(const View& x, const View& out, const View& scratch) = 0;
  virtual void fill_normal(const View& x, float deviation, const RandomStream& stream) = 0;
  virtual void fill_uniform(const View& x, float low, float high, const RandomStream& stream) = 0;
  // Fixed-order sums in double over the flat order, cut into pieces of 16384 elements whatever the number of threads.
  virtual double sum_squares(const View& x) = 0;
  // Σ of sum_squares over several tensors, in their order: one wait on a card.
  virtual double sum_squares(std::span<const View> tensors) = 0;
  virtual double sum(const View& x) = 0;
  virtual double squared_distance(const View& a, const View& b) = 0;

  // ---- optimizer ----
  // parameter f32 or bf16, gradient f32 or bf16, m, v f32; all contiguous, same size. If m/v are bf16 they are read and written so.
  virtual void adamw(const View& parameter, const View& gradient, const View& m, const View& v, const AdamStep& step) = 0;
  // Block-wise 8-bit states over the flat order, blocks of 256 (bitsandbytes' dynamic maps and rules).
  virtual void adamw8(const View& parameter, const View& gradient, const Adam8State& state, const AdamStep& step) = 0;
  // update [like gradient, may alias it] f32 = Adam direction u = (m/bc₁)/(√(v/bc₂)+ε); moments advance. For projected methods.
  virtual void adam_direction(const View& gradient, const View& m, const View& v, const View& update, const AdamStep& step) = 0;
  virtual void adam_direction8(const View& gradient, const Adam8State& state, const View& update, const AdamStep& step) = 0;

  // ---- quantization ----
  // from f32 or bf16, contiguous. scratch: blocks() f32 where the scales are double-quantized, else unused (may be empty).
  virtual void quantize_nf4(const View& from, const Nf4View& to, const View& scratch) = 0;
  virtual void dequantize_nf4(const Nf4View& from, const View& to) = 0;  // to: f32 or bf16, contiguous

  // ---- small linear algebra (f32) ----
  // Eigenvectors of the r largest eigenvalues of symmetric `gram` [p × p] (destroyed), as ROWS of out [r × p], descending, the entry
  // of largest magnitude of each positive. eigenvalues [1 × r]. Several problems at once share the threads, one thread each.
  // scratch: eigh_scratch_bytes(p) of u8, of its own for every task; empty where that is 0.
  struct EighTask { View gram; View out; View eigenvalues; View scratch{}; };
  virtual void eigh_top(std::span<const EighTask> tasks) = 0;
  virtual uint64_t eigh_scratch_bytes(int64_t) const { return 0; }
  // Rows of a [r × n] made orthonormal in place (Householder QR of aᵀ), signs as above.
  virtual void orthonormalize_rows(const View& a, const View& scratch) = 0;  // scratch: r × n f32
  // Negates the rows of a [r × n] f32 whose entry of largest magnitude (the first of equals) is negative.
  virtual void fix_row_signs(const View& a) = 0;
  // inverse of a symmetric positive (semi)definite [r × r], pseudo-inverse below 1e-7 of the largest eigenvalue; out may alias.
  // scratch: pseudo_inverse_scratch_bytes(r) of u8, empty where that is 0.
  virtual void pseudo_inverse_symmetric(const View& a, const View& out, const View& scratch) = 0;
  virtual uint64_t pseudo_inverse_scratch_bytes(int64_t) const { return 0; }
};

}  // namespace rankwise
