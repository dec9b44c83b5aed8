// Products through cuBLASLt. An operand in another type than the arithmetic's, NF4 above all, is converted a tile at a time into the
// workspace, so that a dense copy of a layer never exists. Tiles are cut across the result, never across the inner dimension: no sum
// is rounded on the way.
#include <algorithm>
#include <vector>

#include "cuda/kernels/epilogue.h"
#include "cuda/plugin.h"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

int64_t stored_rows(const rw_operand& o) { return o.is_nf4 ? o.nf4.rows : o.dense.rows; }
int64_t stored_cols(const rw_operand& o) { return o.is_nf4 ? o.nf4.cols : o.dense.cols; }

size_t bytes_of(int32_t dtype) { return dtype == RW_BF16 ? 2 : 4; }

rw_view part(const rw_view& v, int64_t row, int64_t rows, int64_t column, int64_t cols) {
  return {static_cast<char*>(v.data) + (row * v.ld + column) * static_cast<int64_t>(bytes_of(v.dtype)), rows, cols, v.ld, v.dtype};
}

struct Term {
  const rw_operand* a;
  const rw_operand* b;
  int64_t inner;
};

class Multiplier {
 public:
  Multiplier(rw_card* card, const rw_product& p) : card_(card), p_(p), type_(p.bf16 ? RW_BF16 : RW_F32) {
    for (int32_t i = 0; i < p.terms; ++i) {
      const int64_t inner = p.a[i].transposed ? stored_rows(p.a[i]) : stored_cols(p.a[i]);
      if (inner > 0) terms_.push_back({&p.a[i], &p.b[i], inner});
    }
    // Where sums are rounded to the result's type between terms, the large term comes last.
    std::stable_sort(terms_.begin(), terms_.end(), [](const Term& x, const Term& y) { return x.inner < y.inner; });
  }

  int32_t run() {
    const rw_view& out = p_.out;
    if (size_of(out) == 0) return RW_OK;
    if (terms_.empty()) return combine_epilogue(card_, nullptr, p_.bias, p_.add, out);
    return out.dtype == RW_BF16 && type_ == RW_F32 ? through_sums() : in_place();
  }

 private:
  bool converted(const rw_operand& o) const { return o.is_nf4 || o.dense.dtype != type_; }

  // Rows (or columns) of the result whose converted operand fits a tile.
  int64_t fitting(const rw_operand& o, int64_t count, int64_t inner) const {
    if (!converted(o)) return count;
    const int64_t fit = static_cast<int64_t>(card_->space.tile_bytes / (static_cast<uint64_t>(inner) * bytes_of(type_)));
    return std::min(count, fit >= 64 ? fit / 64 * 64 : fit);
  }

  // Lines [from, from + count) of an operand along the result's side, in the type of the arithmetic.
  int32_t factor(const rw_operand& o, bool lines_are_rows, int64_t from, int64_t count, void* tile, Factor& out) const {
    const int64_t row = lines_are_rows ? from : 0, rows = lines_are_rows ? count : stored_rows(o);
    const int64_t column = lines_are_rows ? 0 : from, cols = lines_are_rows ? stored_cols(o) : count;
    out.transposed = o.transposed != 0;
    if (!converted(o)) {
      out.view = part(o.dense, row, rows, column, cols);
      return RW_OK;
    }
    out.view = {tile, rows, cols, cols, type_};
    if (o.is_nf4) return decode_nf4_tile(card_, o.nf4, row, column, out.view);
    const rw_view from_view = part(o.dense, row, rows, column, cols);
    return copy(card_, &from_view, &out.view);
  }

  // The block of the result at (m, n) gains a term: to = alpha · term + (c ? *c : 0).
  int32_t add_term(const Term& t, int64_t m, int64_t n, const rw_view* c, const rw_view& to) {
    int32_t status = RW_OK;
    if (&t != left_term_ || m != left_row_) {
      status = factor(*t.a, !t.a->transposed, m, to.rows, card_->space.tiles[0], left_);
      left_term_ = &t;
      left_row_ = m;
    }
    Factor right;
    if (status == RW_OK) status = factor(*t.b, t.b->transposed != 0, n, to.cols, card_->space.tiles[1], right);
    return status == RW_OK ? card_->plans.multiply(card_, left_, right, p_.alpha, c, to) : status;
  }

  // Terms one after the other, added up in the result itself.
  int32_t in_place() {
    const rw_view& out = p_.out;
    const bool direct = !p_.bias && (!p_.add || p_.add->dtype == out.dtype);
    if (!direct) {
      const int32_t status = combine_epilogue(card_, nullptr, p_.bias, p_.add, out);
      if (status != RW_OK) return status;
    }
    const rw_view* before = direct ? p_.add : &out;
    for (const Term& t : terms_) {
      const int64_t rows = fitting(*t.a, out.rows, t.inner), cols = fitting(*t.b, out.cols, t.inner);
      if (rows == 0 || cols == 0) return refuse(card_, RW_SHAPE, "An operand's inner dimension is too long to convert.");
      for (int64_t m = 0; m < out.rows; m += rows) {
        for (int64_t n = 0; n < out.cols; n += cols) {
          const int64_t height = std::min(rows, out.rows - m), width = std::min(cols, out.cols - n);
          const rw_view to = part(out, m, height, n, width), c = before ? part(*before, m, height, n, width) : rw_view{};
          const int32_t status = add_term(t, m, n, before ? &c : nullptr, to);
          if (status != RW_OK) return status;
        }
      }
      before = &out;
    }
    return RW_OK;
  }

  // f32 arithmetic into bf16, which cuBLASLt does not offer: a block of sums at a time, rounded once.
  int32_t through_sums() {
    const rw_view& out = p_.out;
    int64_t rows = out.rows, cols = out.cols;
    for (const Term& t : terms_) {
      rows = std::min(rows, fitting(*t.a, out.rows, t.inner));
      cols = std::min(cols, fitting(*t.b, out.cols, t.inner));
    }
    const int64_t room = static_cast<int64_t>(card_->space.tile_bytes / sizeof(float));
    cols = std::min(cols, room);
    if (rows == 0 || cols == 0) return refuse(card_, RW_SHAPE, "An operand's inner dimension is too long to convert.");
    rows = std::min(rows, room / cols);
    for (int64_t m = 0; m < out.rows; m += rows) {
      for (int64_t n = 0; n < out.cols; n += cols) {
        const int64_t height = std::min(rows, out.rows - m), width = std::min(cols, out.cols - n);
        const rw_view sums = {card_->space.tiles[2], height, width, width, RW_F32};
        int32_t status = RW_OK;
        for (size_t i = 0; i < terms_.size() && status == RW_OK; ++i) status = add_term(terms_[i], m, n, i ? &sums : nullptr, sums);
        const rw_view bias = p_.bias ? part(*p_.bias, 0, 1, n, width) : rw_view{}, add = p_.add ? part(*p_.add, m, height, n, width) : rw_view{};
        if (status == RW_OK) {
          status = combine_epilogue(card_, &sums, p_.bias ? &bias : nullptr, p_.add ? &add : nullptr, part(out, m, height, n, width));
        }
        if (status != RW_OK) return status;
      }
    }
    return RW_OK;
  }

  rw_card* card_;
  const rw_product& p_;
  int32_t type_;
  std::vector<Term> terms_;
  Factor left_{};
  const Term* left_term_ = nullptr;  // whose rows from left_row_ on are in left_
  int64_t left_row_ = 0;
};

}  // namespace

int32_t matmul(rw_card* card, const rw_product* product) { return Multiplier(card, *product).run(); }

}  // namespace rankwise::cuda
