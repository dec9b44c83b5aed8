#pragma once
#include <cstdint>

// The pieces that a product is made of, for one instruction set. Read by the files of this folder and by the plain ones: data only.
//
// Packed operands are panels: `lanes` rows of A or columns of B side by side, [unit of k][lane]. A unit is 32 bits: one f32, or two
// neighbouring k in bfloat16 where the processor multiplies such pairs (`units_of_two`).
namespace rankwise {

// Where the sums of a tile go: out = alpha·(sums + partial) + bias + add. Null pointers are left out. out and add point at the tile's
// first element and may be the same; bias at its first column.
struct GemmTile {
  void* out;
  int64_t ld_out;
  const void* add;
  int64_t ld_add;
  const void* bias;
  const float* partial;
  int64_t ld_partial;
  float alpha;
  bool out_bf16, add_bf16, bias_bf16;
};

// How panels are cut from an operand: `width` lanes in panels of `panel_lanes`, which begin `panel_stride` units apart; a unit of k
// takes `unit_stride` units.
struct GemmPanels {
  int64_t width, panel_lanes, panel_stride, unit_stride;
  uint32_t* to;
};

// Some units of k of a tile. Rows of A: a packed panel, or (direct) as they are stored, `row_step` bytes apart with their units side by
// side. Columns of B: one line per unit, `b_step` units apart; a packed panel has `cols`.
struct GemmStrip {
  const void* a;
  int64_t row_step;
  int64_t units;
  const void* b;
  int64_t b_step;
};

struct GemmKernels {
  int rows, cols;                // of the largest tile
  int row_stride;                // units per k in a panel of A; in one of B it is `cols`
  bool units_of_two;             // of Product::bf16
  // Sums over the strips, one after the other, of m rows of A (1 ≤ m ≤ rows) times n columns of B (1 ≤ n ≤ cols; `cols` lanes of every
  // line are read, half of them where n fits these). [product]
  void (*tile[2])(int64_t m, int64_t n, const GemmStrip* strips, int64_t count, const GemmTile& to);
  void (*direct_tile[2])(int64_t m, int64_t n, const GemmStrip* strips, int64_t count, const GemmTile& to);
  // k elements of every lane into panels; an odd last k is paired with 0. The source is contiguous along the lanes (one line per k) or
  // along k (one line per lane), lines are `ld` elements apart. [product][f32, bf16 source]
  void (*pack_lanes[2][2])(const void* from, int64_t ld, int64_t k, const GemmPanels& panels);
  void (*pack_lines[2][2])(const void* from, int64_t ld, int64_t k, const GemmPanels& panels);
  // Up to four vectors x (f32, already rounded where the product asks for it) with the lines of a matrix w, read once.
  // dots: sums[i][n] += Σk x[i][k]·w[n][k].  combine: sums[i][n] += Σk x[i][k]·w[k][n]. [product][type of w]
  void (*dots[2][2])(int64_t count, int64_t n, int64_t k, const float* x, int64_t ldx, const void* w, int64_t ldw, float* sums,
                     int64_t ld_sums);
  void (*combine[2][2])(int64_t count, int64_t n, int64_t k, const float* x, int64_t ldx, const void* w, int64_t ldw, float* sums,
                        int64_t ld_sums);
};

constexpr int kMostVectors = 4;

}  // namespace rankwise
