#include "ops/selftest.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.h"
#include "ops/selftest_table.h"

namespace rankwise {
namespace selftest {
namespace {

double element(const View& view, int64_t row, int64_t column) {
  const int64_t i = row * view.ld + column;
  if (view.dtype == DType::u8) return static_cast<double>(view.as<uint8_t>()[i]);
  if (view.dtype == DType::f32) return static_cast<double>(view.as<float>()[i]);
  const uint32_t bits = static_cast<uint32_t>(view.as<uint16_t>()[i]) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return static_cast<double>(value);
}

// Rounds to bf16 on its own: what is tested must not check itself.
void set_element(const View& view, int64_t row, int64_t column, double value) {
  const int64_t i = row * view.ld + column;
  const float single = static_cast<float>(value);
  if (view.dtype == DType::f32) {
    view.as<float>()[i] = single;
    return;
  }
  uint32_t bits;
  std::memcpy(&bits, &single, 4);
  view.as<uint16_t>()[i] =
      std::isnan(single) ? uint16_t{0x7fc0} : static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// The elements from the first to the last of a view, gaps between rows included, as one row.
View stretch(const View& view) {
  View all = view;
  all.cols = all.ld = view.rows > 0 ? (view.rows - 1) * view.ld + view.cols : 0;
  all.rows = 1;
  return all;
}

}  // namespace

Sample Table::random(DType type, Shape shape, double scale, int64_t apart) {
  const RandomStream stream{1, ++drawn_, 0};
  return made(type, shape, apart, [&](int64_t i, int64_t j) {
    return scale * (2 * static_cast<double>(uniform(stream, static_cast<uint64_t>(i * shape.cols + j))) - 1);
  });
}

Sample Table::filled(DType type, Shape shape, double value, int64_t apart) {
  return made(type, shape, apart, [value](int64_t, int64_t) { return value; });
}

Sample Table::made(DType type, Shape shape, int64_t apart, const std::function<double(int64_t, int64_t)>& value) {
  Sample s = taken(type, shape.rows, shape.cols + apart);
  s.view = s.tensor.view().col_range(0, shape.cols);
  std::vector<char> memory(static_cast<size_t>(s.tensor.view().size()) * bytes_of(type));
  View host = s.tensor.view();
  host.data = memory.data();
  for (int64_t i = 0; i < shape.rows; ++i) {
    for (int64_t j = 0; j < shape.cols + apart; ++j) {
      set_element(host, i, j, j < shape.cols ? value(i, j) : std::numeric_limits<double>::quiet_NaN());
    }
  }
  ops.upload(memory.data(), s.tensor);
  return s;
}

Sample Table::taken(DType type, int64_t rows, int64_t cols) {
  Sample s;
  s.tensor = Tensor(arena, type, rows, cols, Category::workspace, Lifetime::passing);
  s.view = s.tensor.view();
  return s;
}

Sample Table::list(const std::vector<int32_t>& values) {
  Sample s = taken(DType::i32, 1, static_cast<int64_t>(values.size()));
  ops.upload(values.data(), s.view);
  return s;
}

Sample Table::bytes(uint64_t count) {
  Sample s = taken(DType::u8, 1, static_cast<int64_t>(count));
  ops.zero(s.view);
  return s;
}

std::vector<double> Table::values(const View& view) const {
  const View all = stretch(view);
  std::vector<char> memory(static_cast<size_t>(all.size()) * bytes_of(all.dtype));
  ops.download(all, memory.data());
  View host = view;
  host.data = memory.data();
  std::vector<double> out;
  out.reserve(static_cast<size_t>(view.size()));
  for (int64_t i = 0; i < view.rows; ++i) {
    for (int64_t j = 0; j < view.cols; ++j) out.push_back(element(host, i, j));
  }
  return out;
}

void Table::expect(bool ok, const std::string& what) {
  if (ok) {
    ++report_.passed;
  } else {
    ++report_.failed;
    report_.failures.push_back(what);
  }
}

void Table::compare(const std::string& what, const View& got, const std::vector<double>& expected, double level, double slack) {
  const double tolerance = slack * (got.dtype == DType::bf16 ? 0x1p-8 : 4e-6);
  const std::vector<double> found = values(got);
  if (found.size() != expected.size()) return expect(false, what + ": another number of elements");
  double worst = 0;
  size_t place = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    const double error = std::fabs(found[i] - expected[i]) / (std::fabs(expected[i]) + level);
    if (worse(worst, error) != worst) {
      worst = error;
      place = i;
    }
    if (std::isnan(worst)) break;
  }
  if (worst <= tolerance) return expect(true, what);
  expect(false, what + ": element " + std::to_string(place) + " is " + std::to_string(found[place]) + ", expected " +
                    std::to_string(expected[place]) + " (error " + std::to_string(worst / tolerance) + " tolerances)");
}

std::vector<Shape> Table::shapes() const {
  std::vector<Shape> list = {{1, 1}, {3, 17}, {2, 33}, {1, 64}, {5, 65}, {3, 100}};
  if (thorough) {
    for (const Shape s : {Shape{17, 3}, {64, 1}, {33, 64}, {100, 33}, {65, 513}, {513, 100}, {2, 20001}, {300, 96}}) list.push_back(s);
  }
  return list;
}

std::string label(const char* operation, Shape shape, std::initializer_list<DType> types) {
  std::string text = std::string(operation) + " [" + std::to_string(shape.rows) + " x " + std::to_string(shape.cols) + "]";
  for (DType type : types) text += std::string(" ") + name_of(type);
  return text;
}

}  // namespace selftest

SelftestReport run_op_table(Backend& ops, Arena& arena, SelftestSize size) {
  SelftestReport report;
  selftest::Table table(ops, arena, size, report);
  for (const auto subject : {selftest::check_rows, selftest::check_tokens, selftest::check_elements, selftest::check_optimizers,
                             selftest::check_quantization, selftest::check_linear_algebra, selftest::check_products}) {
    try {
      subject(table);
    } catch (const Error& e) {
      table.expect(false, std::string("stopped by ") + e.code() + ": " + e.what());
    }
  }
  return report;
}

}  // namespace rankwise
