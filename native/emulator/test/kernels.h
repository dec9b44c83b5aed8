#pragma once
#include <cstdint>

// The faults that are planted into the kernels below: each is a mistake that runs well on many a card, many a time.
enum class Fault : int {
  none,
  no_barrier,          // the block's sum is read before all warps have written theirs
  no_second_barrier,   // the next sum overwrites what slower warps still have to read
  shared_overrun,      // one element past a shared array
  unguarded_tail,      // the last block's threads beyond the length
  plain_sum,           // sums of all blocks added without an atomic
  divergent_barrier,   // half of the threads take another barrier
  missing_lanes,       // a shuffle that half of its lanes never reach
  barrier_for_half,    // a barrier that half of the threads leave out
  host_pointer,        // a pointer to the host's memory
  stale_tensor,        // a tensor of the arena that was given back
};

// y[row] = Σ x[row, :], one block a row, twice over so that the scratch is used again. x [rows × cols].
void launch_row_sums(Fault fault, const float* x, float* y, int rows, int cols);
// y = 2 x, `count` elements, one thread each.
void launch_double(Fault fault, const float* x, float* y, int count);
// *total += Σ x, every block its part: atomically in integers.
void launch_total(Fault fault, const int* x, int* total, int count);
// Warps reverse their 32 elements: through shuffles, and through dynamic shared memory under __syncwarp. count % 32 = 0.
void launch_reverse(Fault fault, const float* x, float* y, int count);
// y[z, y, x] = 100 z + 10 y + x over a grid and blocks of three dimensions.
void launch_indices(float* y);
