#pragma once
#include <string>

#include "core/context.h"
#include "core/state_visitor.h"

namespace rankwise {

enum class StorageKind : uint8_t { dense, nf4 };

// How a weight [rows × cols] lies in memory.
struct StorageFormat {
  StorageKind kind = StorageKind::dense;
  DType dtype = DType::f32;     // dense only: f32 or bf16
  bool double_quantize = false; // nf4 only
};

// A weight matrix in some storage. Products read it as it lies; nothing dense is made of it unless read() is asked to.
class Weight {
 public:
  Weight() = default;
  Weight(const Context& context, const StorageFormat& format, int64_t rows, int64_t cols, Category category, Lifetime lifetime);

  explicit operator bool() const { return rows_ > 0; }
  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  bool is_nf4() const { return format_.kind == StorageKind::nf4; }
  const StorageFormat& format() const { return format_; }
  // The dense matrix itself. Only for dense storage.
  const View& dense() const { return dense_.view(); }
  Operand operand(bool transposed) const { return is_nf4() ? Operand(nf4_, transposed) : Operand(dense_.view(), transposed); }

  void assign(const Context& context, const View& values);    // f32 or bf16 [rows × cols] → storage
  void read(const Context& context, const View& to) const;    // storage → f32 or bf16 [rows × cols]
  void copy_from(const Context& context, const Weight& other);  // same format and shape, bit for bit
  void visit(const std::string& name, const StateVisitor& visitor) const;

 private:
  StorageFormat format_;
  int64_t rows_ = 0, cols_ = 0;
  Tensor dense_;
  Tensor codes_, absmax_, absmax_codes_, absmax_scale_, absmax_offset_;
  Nf4View nf4_;
};

}  // namespace rankwise
