#pragma once
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/arena.h"
#include "ops/ops.h"
#include "ops/selftest.h"

namespace rankwise::selftest {

// A tensor for one case; its view may have rows further apart than they are long.
struct Sample {
  Tensor tensor;
  View view;
  operator const View&() const { return view; }
};

struct Shape {
  int64_t rows, cols;
};

// What every case works with: makes inputs, reads results, compares and counts.
class Table {
 public:
  Table(Backend& backend, Arena& memory, SelftestSize size, SelftestReport& report)
      : ops(backend), arena(memory), thorough(size == SelftestSize::thorough), report_(report) {}

  Backend& ops;
  Arena& arena;
  const bool thorough;

  // Reproducible values in (−scale, scale), of both signs; `apart` elements of padding behind every row, filled with NaN.
  Sample random(DType type, Shape shape, double scale = 1.0, int64_t apart = 0);
  Sample filled(DType type, Shape shape, double value, int64_t apart = 0);
  Sample made(DType type, Shape shape, int64_t apart, const std::function<double(int64_t row, int64_t column)>& value);
  Sample list(const std::vector<int32_t>& values);
  Sample bytes(uint64_t count);

  std::vector<double> values(const View& view) const;  // f32, bf16 or u8, row by row

  // |got − expected| ≤ tolerance·(|expected| + level): tolerance follows the type of the result, times `slack`.
  void compare(const std::string& what, const View& got, const std::vector<double>& expected, double level = 1.0, double slack = 1.0);
  void expect(bool ok, const std::string& what);

  std::vector<Shape> shapes() const;

 private:
  Sample taken(DType type, int64_t rows, int64_t cols);
  SelftestReport& report_;
  uint64_t drawn_ = 0;
};

// The larger of two errors, where a NaN is larger than anything.
inline double worse(double a, double b) { return std::isnan(a) || b <= a ? a : b; }

std::string label(const char* operation, Shape shape, std::initializer_list<DType> types);
constexpr DType kFloatTypes[] = {DType::f32, DType::bf16};

void check_rows(Table& table);          // normalization, position, gate
void check_tokens(Table& table);        // embedding and loss
void check_elements(Table& table);      // elementwise and sums
void check_optimizers(Table& table);
void check_quantization(Table& table);
void check_linear_algebra(Table& table);
void check_products(Table& table);      // products and attention

}  // namespace rankwise::selftest
