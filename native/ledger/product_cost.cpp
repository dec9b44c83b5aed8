// Mirrors native/cuda/products.cu: terms one after the other, converted operands a tile at a time.
#include <algorithm>
#include <vector>

#include "ledger/card_costs.h"

namespace rankwise::ledger {

double scale_bytes(const Nf4View& v) {
  if (!v.double_quantized) return 4.0 * static_cast<double>(v.blocks());
  return static_cast<double>(v.blocks()) + 4.0 * static_cast<double>(v.scale_blocks()) + 4.0;
}

double bytes_in(const Nf4View& v) { return static_cast<double>(v.code_bytes()) + scale_bytes(v); }

namespace {

// The smallest second-level cache of the cards in cards.h has 50 MB.
constexpr double kCache = 48e6;

double stored_bytes(const Operand& o) { return o.is_nf4 ? bytes_in(o.nf4) : bytes_in(o.dense); }

class ProductCost {
 public:
  ProductCost(std::span<const Term> terms, const View& out, Product product, const Epilogue& epilogue, uint64_t tile_bytes)
      : out_(out), epilogue_(epilogue), type_(product == Product::bf16 ? DType::bf16 : DType::f32), tile_bytes_(tile_bytes) {
    for (const Term& t : terms) {
      if (t.a.cols() > 0) terms_.push_back(&t);
    }
    std::stable_sort(terms_.begin(), terms_.end(), [](const Term* x, const Term* y) { return x->a.cols() < y->a.cols(); });
  }

  Traffic total() {
    if (out_.size() == 0) return {};
    if (terms_.empty()) {
      combine(0, out_.rows, out_.cols);
    } else if (out_.dtype == DType::bf16 && type_ == DType::f32) {
      through_sums();
    } else {
      in_place();
    }
    cost_.floor = bytes_in(out_) + bytes_in(epilogue_.bias) + bytes_in(epilogue_.add);
    for (const Term* t : terms_) cost_.floor += stored_bytes(t->a) + stored_bytes(t->b);
    return cost_;
  }

 private:
  bool converted(const Operand& o) const { return o.is_nf4 || o.dense.dtype != type_; }

  int64_t fitting(const Operand& o, int64_t count, int64_t inner) const {
    if (!converted(o)) return count;
    const auto fit = static_cast<int64_t>(tile_bytes_ / (static_cast<uint64_t>(inner) * bytes_of(type_)));
    return std::max<int64_t>(1, std::min(count, fit >= 64 ? fit / 64 * 64 : fit));
  }

  // `lines` of `count` along the result's side, converted into a tile. Answers the bytes that the product then reads from memory.
  double operand(const Operand& o, int64_t lines, int64_t count, int64_t inner) {
    const double part = static_cast<double>(lines) / static_cast<double>(count), dense = static_cast<double>(lines * inner) * static_cast<double>(bytes_of(type_));
    if (!converted(o)) return dense;
    cost_ += launch(stored_bytes(o) * part, 0);
    cost_.cached += 2 * dense;
    return 0;
  }

  void combine(double sums, int64_t rows, int64_t cols) {
    const double read = sums + (epilogue_.bias ? static_cast<double>(cols) * static_cast<double>(bytes_of(epilogue_.bias->dtype)) : 0) +
                        (epilogue_.add ? static_cast<double>(rows * cols) * static_cast<double>(bytes_of(epilogue_.add->dtype)) : 0);
    cost_ += launch(read, static_cast<double>(rows * cols) * static_cast<double>(bytes_of(out_.dtype)));
  }

  // Bytes that a launch finds in memory, or in the cache where an earlier launch of this product has left them and they fit.
  double again(double bytes, bool first, double working_set) {
    if (first || working_set + static_cast<double>(tile_bytes_) > kCache) return bytes;
    cost_.cached += bytes;
    return 0;
  }

  void in_place() {
    const bool direct = !epilogue_.bias && (!epilogue_.add || epilogue_.add->dtype == out_.dtype);
    if (!direct) combine(0, out_.rows, out_.cols);
    bool before = direct ? epilogue_.add != nullptr : true, own = !direct;
    for (const Term* t : terms_) {
      const int64_t inner = t->a.cols(), rows = fitting(t->a, out_.rows, inner), cols = fitting(t->b, out_.cols, inner);
      for (int64_t m = 0; m < out_.rows; m += rows) {
        const int64_t height = std::min(rows, out_.rows - m);
        const double left = operand(t->a, height, out_.rows, inner);
        for (int64_t n = 0; n < out_.cols; n += cols) {
          const int64_t width = std::min(cols, out_.cols - n);
          const double right = operand(t->b, width, out_.cols, inner);
          const double block = static_cast<double>(height * width) * static_cast<double>(bytes_of(out_.dtype));
          double read = again(left, n == 0, left) + again(right, m == 0, static_cast<double>(out_.cols * inner) * static_cast<double>(bytes_of(type_)));
          if (before) read += again(block, !own, bytes_in(out_));
          cost_ += launch(read, block, 2.0 * static_cast<double>(height * width) * static_cast<double>(inner));
        }
      }
      before = own = true;
    }
  }

  void through_sums() {
    int64_t rows = out_.rows, cols = out_.cols;
    for (const Term* t : terms_) {
      rows = std::min(rows, fitting(t->a, out_.rows, t->a.cols()));
      cols = std::min(cols, fitting(t->b, out_.cols, t->a.cols()));
    }
    const auto room = static_cast<int64_t>(tile_bytes_ / sizeof(float));
    cols = std::min(cols, room);
    rows = std::min(rows, room / cols);
    // The left operand stays in its tile only while no other term comes between.
    for (int64_t m = 0; m < out_.rows; m += rows) {
      const int64_t height = std::min(rows, out_.rows - m);
      for (int64_t n = 0; n < out_.cols; n += cols) {
        const int64_t width = std::min(cols, out_.cols - n);
        const double sums = 4.0 * static_cast<double>(height * width);
        for (size_t i = 0; i < terms_.size(); ++i) {
          const Term& t = *terms_[i];
          const int64_t inner = t.a.cols();
          const bool kept = terms_.size() == 1 && n > 0;
          const double left = kept ? (converted(t.a) ? 0 : static_cast<double>(height * inner) * 4.0) : operand(t.a, height, out_.rows, inner);
          const double right = operand(t.b, width, out_.cols, inner);
          cost_ += launch(left + right, 0, 2.0 * static_cast<double>(height * width) * static_cast<double>(inner));
          cost_.cached += i ? 2 * sums : sums;
        }
        combine(0, height, width);
        cost_.cached += sums;
      }
    }
  }

  const View& out_;
  const Epilogue& epilogue_;
  DType type_;
  uint64_t tile_bytes_;
  std::vector<const Term*> terms_;
  Traffic cost_;
};

}  // namespace

Traffic matmul(std::span<const Term> terms, const View& out, Product product, const Epilogue& epilogue, uint64_t tile_bytes) {
  return ProductCost(terms, out, product, epilogue, tile_bytes).total();
}

}  // namespace rankwise::ledger
