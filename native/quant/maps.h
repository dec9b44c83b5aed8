#pragma once
#include <cstdint>

namespace rankwise {

// Dynamic tree maps of bitsandbytes (Dettmers et al., 2022): 256 sorted values in (−1, 1] and [0, 1]. For every decade 10^(e−6),
// e = 0 … 6, the midpoints of a uniform grid on [0.1, 1] of 2^e cells (signed; and their negatives) or 2^(e+1) cells (unsigned),
// and 0 and 1. −1 is not among them: the least signed value is −0.99296875.
const float* signed_dynamic_map();
const float* unsigned_dynamic_map();
// The 255 midpoints between neighbours: the code of x is the number of midpoints below x, so that a tie goes to the lower code.
const float* signed_dynamic_midpoints();
const float* unsigned_dynamic_midpoints();
// A shorter way to the same code. The upper 15 bits of a float's magnitude, less kCodeBuckets' base and clamped, and 0 or kCodeBuckets
// for its sign, index a list of codes to start from: at most two more midpoints lie below any number of the bucket. For this the
// lists of midpoints go on with two infinities.
constexpr int kCodeShift = 17;
constexpr int32_t kCodeBase = (127 - 25) << (23 - kCodeShift);  // 2⁻²⁵ and everything below, where no midpoint lies
constexpr int32_t kCodeBuckets = (25 << (23 - kCodeShift)) + 1;  // up to 1
const int32_t* signed_dynamic_starts();    // 2·kCodeBuckets
const int32_t* unsigned_dynamic_starts();  // 2·kCodeBuckets, of which the second half is 0
constexpr int kSignedZeroCode = 127;  // signed_dynamic_map()[127] = 0; in the unsigned map it is code 0

// The 16 levels of NF4 (QLoRA, 2023): quantiles of the normal distribution, normalized to ±1, with an exact 0; and the 15 midpoints.
const float* nf4_levels();
const float* nf4_midpoints();

// Number of sorted midpoints below x (a NaN has none).
int nearest_code(const float* midpoints, int count, float x);

}  // namespace rankwise
