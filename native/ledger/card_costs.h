#pragma once
#include <span>

#include "ledger/traffic.h"
#include "ops/ops.h"

// What each operation of the table costs on a card as the CUDA library computes it (native/cuda): the same launches, the same operands.
// Checked against what the emulator counts in native/cuda/test/ledger_checked_test.cpp.
namespace rankwise::ledger {

Traffic matmul(std::span<const Term> terms, const View& out, Product product, const Epilogue& epilogue, uint64_t tile_bytes);

Traffic rmsnorm(const View& x, const View& gamma, const View& y, const View& rstd);
Traffic rmsnorm_backward(const View& dy, const View& x, const View& gamma, const View& rstd, const View* add, const View& dx, const View* dgamma);
Traffic rope(const View& x, int64_t head_dim, const View& positions, const View& cos);
Traffic swiglu(const View& gate);
Traffic swiglu_backward(const View& gate, const View* act);
Traffic geglu(const View& gate);
Traffic geglu_backward(const View& gate, const View* act);
Traffic attention(const AttentionShape& shape, const View& q, const View& k, const View* lse);
Traffic attention_backward(const AttentionShape& shape, const View& q, const View& k);
Traffic embedding(const View& ids, const View& table, const View& out);
Traffic embedding_backward(const View& ids, const View& dout, const View& dtable);
Traffic softcap(const View& x);
Traffic softcap_backward(const View& y);
Traffic cross_entropy(const View& logits, const View& targets, bool gradient);

Traffic download(const View& from);
Traffic zero(const View& x);
Traffic copy(const View& from, const View& to);
Traffic axpby(const View& x, float beta, const View& y);
Traffic multiply(const View& a);
Traffic column_sum(const View& x);
Traffic fill(const View& x);
// Sums over the elements of several views.
Traffic sums(std::span<const View> views);
Traffic squared_distance(const View& a, const View& b);

Traffic adamw(const View& parameter, const View& gradient, const View& m);
Traffic adamw8(const View& parameter, const View& gradient);
Traffic adam_direction(const View& gradient, const View& m, const View& update);
Traffic adam_direction8(const View& gradient, const View& update);

Traffic quantize_nf4(const View& from, const Nf4View& to);
Traffic dequantize_nf4(const Nf4View& from, const View& to);

// The number of sweeps depends on the numbers; this many are counted.
constexpr int kCountedSweeps = 8;
Traffic eigh_top(std::span<const Backend::EighTask> tasks);
Traffic orthonormalize_rows(const View& a);
Traffic fix_row_signs(const View& a);
Traffic pseudo_inverse_symmetric(const View& a);

}  // namespace rankwise::ledger
