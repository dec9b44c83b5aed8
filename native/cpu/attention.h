#pragma once
#include "core/thread_pool.h"
#include "cpu/dispatch.h"
#include "ops/ops.h"

namespace rankwise {

// Causal attention with grouped key/value heads, as Backend::attention and Backend::attention_backward say; arguments are taken to fit
// one another (ops/shape_checks.h). f32 views are computed in f32; bf16 views with operands of the products in bfloat16, the
// probabilities and their gradients among them, and sums in f32. Results do not depend on the number of threads. Throws E_CPU where
// `isa` has no kernels, E_SHAPE where the scratch is too small or the scale is not positive.

// Up to four queries per sequence read keys and values as they stand, each once per four heads of a group. A query that no key is
// visible to gets zeros.
void attention_forward(ThreadPool& pool, Isa isa, const AttentionShape& shape, const View& q, const View& k, const View& v,
                       const View& segment_start, const View& out, const View* lse, const View& scratch);

// A unit of work is one kv head of one sequence with its query heads: no more threads than units are used. All of its k and v is packed
// before dk and dv are written, and a block of q before that block of dq: each result may be the very view of its input, and no other
// overlap is allowed.
void attention_backward(ThreadPool& pool, Isa isa, const AttentionShape& shape, const View& dout, const View& q, const View& k,
                        const View& v, const View& out, const View& segment_start, const View& lse, const View& dq, const View& dk,
                        const View& dv, const View& scratch);

// What Backend::attention_scratch_bytes answers on a processor with this number of threads.
uint64_t cpu_attention_scratch_bytes(const AttentionShape& shape, int threads);

}  // namespace rankwise
