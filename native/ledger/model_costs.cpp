// Mirrors native/cuda/kernels/{rows,gate,attention,attention_backward,tokens}.cu.
#include <algorithm>

#include "cuda/host/workspace.h"
#include "ledger/card_costs.h"

namespace rankwise::ledger {

namespace {

double size(const View& v) { return static_cast<double>(v.size()); }

// A sum over rows through strips: its second launch.
Traffic add_strips(int64_t rows, int64_t cols) {
  const double strips = static_cast<double>(std::min<int64_t>(rows, kCudaStrips)), row = 4.0 * static_cast<double>(cols);
  return launch((strips + 1) * row, row, strips * static_cast<double>(cols));
}

double strip_bytes(int64_t rows, int64_t cols) { return 4.0 * static_cast<double>(std::min<int64_t>(rows, kCudaStrips) * cols); }

}  // namespace

Traffic rmsnorm(const View& x, const View& gamma, const View& y, const View& rstd) {
  return no_more_than_needed(launch(bytes_in(x) + bytes_in(gamma), bytes_in(y) + bytes_in(rstd), 4 * size(x)));
}

Traffic rmsnorm_backward(const View& dy, const View& x, const View& gamma, const View& rstd, const View* add, const View& dx, const View* dgamma) {
  Traffic cost = no_more_than_needed(
      launch(bytes_in(dy) + bytes_in(x) + bytes_in(gamma) + bytes_in(rstd) + bytes_in(add), bytes_in(dx), 9 * size(x)));
  if (dgamma) {
    cost += launch(bytes_in(dy) + bytes_in(x) + bytes_in(rstd), strip_bytes(x.rows, x.cols), 3 * size(x));
    cost += add_strips(x.rows, x.cols);
    cost.floor += 2 * bytes_in(*dgamma);
  }
  return cost;
}

Traffic rope(const View& x, int64_t head_dim, const View& positions, const View& cos) {
  const double tables = 8.0 * static_cast<double>(std::min(x.rows, cos.rows) * cos.cols);
  const double rotated = bytes_in(x) * static_cast<double>(2 * cos.cols) / static_cast<double>(head_dim);
  return no_more_than_needed(launch(rotated + bytes_in(positions) + tables, rotated, 3 * size(x)));
}

Traffic swiglu(const View& gate) { return no_more_than_needed(launch(2 * bytes_in(gate), bytes_in(gate), 5 * size(gate))); }

Traffic swiglu_backward(const View& gate, const View* act) {
  return no_more_than_needed(launch(3 * bytes_in(gate), 2 * bytes_in(gate) + bytes_in(act), 11 * size(gate)));
}

Traffic geglu(const View& gate) { return no_more_than_needed(launch(2 * bytes_in(gate), bytes_in(gate), 9 * size(gate))); }

Traffic geglu_backward(const View& gate, const View* act) {
  return no_more_than_needed(launch(3 * bytes_in(gate), 2 * bytes_in(gate) + bytes_in(act), 19 * size(gate)));
}

Traffic attention(const AttentionShape& s, const View& q, const View& k, const View* lse) {
  const double starts = 4.0 * static_cast<double>(s.batch * s.query_length);
  return no_more_than_needed(
      launch(bytes_in(q) + 2 * bytes_in(k) + starts, bytes_in(q) + bytes_in(lse), 4.0 * static_cast<double>(s.head_dim) * s.visible_pairs()));
}

Traffic attention_backward(const AttentionShape& s, const View& q, const View& k) {
  const double starts = 4.0 * static_cast<double>(s.batch * s.query_length), per_row = 4.0 * static_cast<double>(s.batch * s.heads * s.query_length);
  const double dq_apart = per_row * static_cast<double>(s.head_dim), inputs = 2 * bytes_in(q) + 2 * bytes_in(k) + 2 * per_row + starts;
  const double pairs = s.visible_pairs() * static_cast<double>(s.head_dim);
  Traffic cost = launch(2 * bytes_in(q), per_row, 2 * size(q));  // dout · out of each row
  cost += launch(inputs, dq_apart, 6 * pairs);                   // scores, their gradients, dq
  cost += launch(inputs, 2 * bytes_in(k), 8 * pairs);            // both once more, dk, dv
  cost += launch(dq_apart, bytes_in(q));
  // q, k, v, dout, out and the log-sum-exp in; dq, dk, dv out.
  cost.floor = 3 * bytes_in(q) + 2 * bytes_in(k) + per_row + starts + bytes_in(q) + 2 * bytes_in(k);
  return cost;
}

// As if no two tokens were equal.
Traffic embedding(const View& ids, const View& table, const View& out) {
  const double rows = static_cast<double>(std::min(out.rows, table.rows) * table.cols) * static_cast<double>(bytes_of(table.dtype));
  return no_more_than_needed(launch(bytes_in(ids) + rows, bytes_in(out)));
}

Traffic embedding_backward(const View& ids, const View& dout, const View& dtable) {
  const double rows = 4.0 * static_cast<double>(std::min(dout.rows, dtable.rows) * dtable.cols);
  return no_more_than_needed(launch(bytes_in(ids) + bytes_in(dout) + rows, rows, size(dout)));
}

Traffic softcap(const View& x) { return no_more_than_needed(launch(bytes_in(x), bytes_in(x), 8 * size(x))); }

Traffic softcap_backward(const View& y) { return no_more_than_needed(launch(2 * bytes_in(y), bytes_in(y), 4 * size(y))); }

Traffic cross_entropy(const View& logits, const View& targets, bool gradient) {
  return no_more_than_needed(
      launch(bytes_in(logits) + bytes_in(targets), 4.0 * static_cast<double>(logits.rows) + (gradient ? bytes_in(logits) : 0), 6 * size(logits)));
}

Traffic column_sum(const View& x) {
  Traffic cost = launch(bytes_in(x), strip_bytes(x.rows, x.cols), size(x));
  cost += add_strips(x.rows, x.cols);
  cost.floor = bytes_in(x) + 8.0 * static_cast<double>(x.cols);
  return cost;
}

}  // namespace rankwise::ledger
