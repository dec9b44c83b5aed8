#pragma once
#include <algorithm>
#include <cstdint>

#include "core/error.h"
#include "cpu/dispatch.h"
#include "cpu/isa/attention_kernels.h"
#include "cpu/isa/gemm_kernels.h"
#include "ops/ops.h"

// What the passes of attention share: where heads lie in the views, how panels are laid out, and how the scratch is shared out.
namespace rankwise {

const AttentionKernels& attention_kernels(Isa isa);  // throws E_CPU where there are none

// Hands out parts of the scratch, each a multiple of 64 bytes.
class ScratchParts {
 public:
  explicit ScratchParts(const View& scratch) : at_(scratch.as<char>()), end_(at_ + scratch.size()) {}
  float* floats(int64_t count) {
    char* part = at_;
    at_ += (count + 15) / 16 * 64;
    if (at_ > end_) fail("E_SHAPE", "The scratch given to attention is too small.", "Take attention_scratch_bytes of the shape.");
    return reinterpret_cast<float*>(part);
  }
  uint32_t* units(int64_t count) { return reinterpret_cast<uint32_t*>(floats(count)); }
  int32_t* whole(int64_t count) { return reinterpret_cast<int32_t*>(floats(count)); }

 private:
  char* at_;
  char* end_;
};

// Kernels for a call, and the sizes of its panels in units of 32 bits.
struct AttentionLayout {
  const GemmKernels& gemm;
  const AttentionKernels& kernels;
  AttentionShape shape;
  int bf16;              // 1: views and operands of products are bfloat16
  int64_t rows, stride;  // lanes of a panel of rows, and what they take in memory
  int64_t width;         // lanes of a panel of columns: queries of a strip
  int64_t d_lanes;       // columns of a head in a panel of rows: `rows` or fewer, so that panels are about equal

  AttentionLayout(Isa isa, const AttentionShape& s, DType dtype);

  // What scores are still to be multiplied by: nothing once they are capped.
  float score_scale() const { return shape.softcap > 0 ? 1.0f : shape.scale; }
  // Products of queries and keys become capped scores, where the model caps them.
  void cap(float* scores, int64_t n) const {
    if (shape.softcap > 0) kernels.cap_scores(scores, n, shape.scale / shape.softcap, shape.softcap);
  }

  int64_t units(int64_t k) const { return bf16 && gemm.units_of_two ? (k + 1) / 2 : k; }
  int64_t d_panels() const { return (shape.head_dim + d_lanes - 1) / d_lanes; }
  int64_t d_columns() const { return (shape.head_dim + width - 1) / width; }
  int64_t d_row() const { return (shape.head_dim + 15) / 16 * 16; }
  int64_t group() const { return shape.heads / shape.kv_heads; }
  int64_t chunk() const { return 128 / stride * rows; }  // keys whose probabilities stay in the nearest cache
  int64_t key_panel() const { return units(shape.head_dim) * stride; }
  int64_t column_panel() const { return units(shape.key_length) * stride; }

  uint32_t* take_keys(ScratchParts& parts) const { return parts.units((shape.key_length + rows - 1) / rows * key_panel()); }
  uint32_t* take_columns(ScratchParts& parts) const { return parts.units(d_panels() * column_panel()); }

  // Keys [from, to) of a head as panels of rows; `from` is a multiple of `rows`.
  void pack_keys(const void* head, int64_t ld, int64_t from, int64_t to, uint32_t* panels) const;
  // Keys [from, to) of a head, transposed: a row is a column of the head. `from` is even.
  void pack_columns(const void* head, int64_t ld, int64_t from, int64_t to, uint32_t* panels) const;
  // n queries of a head as panels of columns, k along the head.
  void pack_queries(const void* head, int64_t ld, int64_t n, uint32_t* panels) const;

  // m rows of a packed panel times n columns of another, over `units` of k.
  void multiply(int64_t units, int64_t m, int64_t n, const uint32_t* a, const uint32_t* b, const GemmTile& to) const {
    const GemmStrip strip{a, 0, units, b, width};
    gemm.tile[bf16](m, n, &strip, 1, to);
  }

  // First element of a head's columns in a row.
  const char* at(const View& view, int64_t row, int64_t head) const {
    return view.as<const char>() + (row * view.ld + head * shape.head_dim) * static_cast<int64_t>(bytes_of(view.dtype));
  }
  char* to(const View& view, int64_t row, int64_t head) const { return const_cast<char*>(at(view, row, head)); }
};

inline GemmTile attention_tile(float* out, int64_t ld, bool add) {
  GemmTile tile{};
  tile.out = out;
  tile.ld_out = ld;
  tile.add = add ? out : nullptr;
  tile.ld_add = ld;
  tile.alpha = 1.0f;
  return tile;
}

// Who sees what among the queries of a strip, in room for `width` of each.
struct StripMask {
  int32_t* first;
  int32_t* limit;
  AttentionMask mask{};
  int64_t lowest = 0, highest = 0;  // keys [lowest, highest) hold all that any of them sees

  StripMask(ScratchParts& parts, int64_t width) : first(parts.whole(width)), limit(parts.whole(width)) {}
  // Queries [query, query + n) of a sequence; starts points at the first one's segment start.
  void set(const AttentionShape& shape, const int32_t* starts, int64_t query, int64_t n, int64_t width);
};

}  // namespace rankwise
