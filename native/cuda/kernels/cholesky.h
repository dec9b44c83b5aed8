#pragma once
#include "cuda/plugin.h"

namespace rankwise::cuda {

// Queues out = a⁻¹ for a symmetric a [r × r], in double inside, through Cholesky factors: about 3·r/32 launches. work: 2·r² doubles.
// `settled` on the card becomes 0 where a pivot is below 1e-4 of the largest diagonal entry: out is then as it was. out may be a.
int32_t queue_cholesky_inverse(rw_card* card, const rw_view& a, const rw_view& out, double* work, int* settled);

}  // namespace rankwise::cuda
