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
constexpr int kSignedZeroCode = 127;  // signed_dynamic_map()[127] = 0; in the unsigned map it is code 0

// The 16 levels of NF4 (QLoRA, 2023): quantiles of the normal distribution, normalized to ±1, with an exact 0; and the 15 midpoints.
const float* nf4_levels();
const float* nf4_midpoints();

// Number of sorted midpoints below x (a NaN has none).
int nearest_code(const float* midpoints, int count, float x);

}  // namespace rankwise
