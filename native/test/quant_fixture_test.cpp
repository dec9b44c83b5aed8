// NF4, double quantization, the dynamic maps and 8-bit AdamW against numbers that PyTorch made from the formulas
// (test/oracles/quant.py). The fixtures lie in $RANKWISE_FIXTURES, by default test/fixtures under the working directory.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "cpu/backend.h"
#include "io/safetensors.h"
#include "quant/maps.h"
#include "test/check.h"

using namespace rankwise;
using test::check;

namespace {

class Fixture {
 public:
  explicit Fixture(const std::string& name) : file_(folder() + "/quant/" + name + ".safetensors") {}

  const TensorInfo& info(const std::string& name) const {
    const TensorInfo* found = file_.find(name);
    if (!found) fail("E_TENSOR", file_.path() + " has no tensor " + name + ".", "Run test/oracles/quant.py again.");
    return *found;
  }
  template <class T>
  std::vector<T> read(const std::string& name) const {
    const TensorInfo& tensor = info(name);
    std::vector<T> values(tensor.elements());
    std::memcpy(values.data(), file_.data(tensor), values.size() * sizeof(T));
    return values;
  }

 private:
  static std::string folder() {
    const char* given = std::getenv("RANKWISE_FIXTURES");
    return given ? given : "test/fixtures";
  }
  SafetensorsFile file_;
};

View floats(std::vector<float>& values) { return view_of(values.data(), DType::f32, 1, static_cast<int64_t>(values.size())); }

// How many pairs differ, and by how much at most.
struct Difference {
  size_t count = 0;
  double most = 0;
};
template <class T>
Difference compare(const std::vector<T>& a, const std::vector<T>& b) {
  Difference difference;
  if (a.size() != b.size()) return {a.size() + b.size(), INFINITY};
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    ++difference.count;
    const double distance = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    difference.most = std::isnan(distance) ? INFINITY : std::max(difference.most, distance);
  }
  return difference;
}
std::string figures(const Difference& d) { return " (" + std::to_string(d.count) + " differ, by at most " + std::to_string(d.most) + ")"; }

void check_maps() {
  const Fixture fixture("maps");
  auto same = [&](const char* name, const float* values) {
    const std::vector<float> expected = fixture.read<float>(name);
    const Difference d = compare(expected, std::vector<float>(values, values + expected.size()));
    check(d.count == 0, std::string("map ") + name + figures(d));
  };
  same("nf4", nf4_levels());
  same("signed", signed_dynamic_map());
  same("unsigned", unsigned_dynamic_map());
}

void check_nf4(Backend& ops, const std::string& on, const std::string& file) {
  const Fixture fixture(file);
  const std::string name = on + file;
  const std::vector<int64_t>& shape = fixture.info("values").shape;
  std::vector<float> values = fixture.read<float>("values"), back(values.size());
  Nf4View to;
  to.rows = shape[0];
  to.cols = shape[1];
  std::vector<uint8_t> codes(static_cast<size_t>(to.code_bytes()));
  std::vector<float> absmax(static_cast<size_t>(to.blocks()));
  to.codes = codes.data();
  to.absmax = absmax.data();
  const View from = view_of(values.data(), DType::f32, to.rows, to.cols), dense = view_of(back.data(), DType::f32, to.rows, to.cols);
  ops.quantize_nf4(from, to, View{});
  ops.dequantize_nf4(to, dense);

  std::vector<uint8_t> expected = fixture.read<uint8_t>("codes");
  if (values.size() % 2) {  // the last low nibble belongs to nobody
    codes.back() &= 0xf0;
    expected.back() &= 0xf0;
  }
  check(compare(codes, expected).count == 0, name + " codes" + figures(compare(codes, expected)));
  const Difference scales = compare(absmax, fixture.read<float>("absmax")), whole = compare(back, fixture.read<float>("dequantized"));
  check(scales.count == 0, name + " absmax" + figures(scales));
  check(whole.count == 0, name + " dequantized" + figures(whole));
}

void check_double_quantization(Backend& ops, const std::string& on) {
  const Fixture fixture("nf4-double");
  const std::vector<int64_t>& shape = fixture.info("values").shape;
  std::vector<float> values = fixture.read<float>("values"), back(values.size());
  Nf4View to;
  to.rows = shape[0];
  to.cols = shape[1];
  to.double_quantized = true;
  std::vector<uint8_t> codes(static_cast<size_t>(to.code_bytes())), absmax_codes(static_cast<size_t>(to.blocks()));
  std::vector<float> scale(static_cast<size_t>(to.scale_blocks())), offset(1), scratch(static_cast<size_t>(to.blocks()));
  to.codes = codes.data();
  to.absmax_codes = absmax_codes.data();
  to.absmax_scale = scale.data();
  to.absmax_offset = offset.data();
  ops.quantize_nf4(view_of(values.data(), DType::f32, to.rows, to.cols), to, floats(scratch));
  ops.dequantize_nf4(to, view_of(back.data(), DType::f32, to.rows, to.cols));

  // The offset is a mean: its last bit depends on the order of summation, and with it a code that lies on an edge.
  const std::vector<uint8_t> expected = fixture.read<uint8_t>("absmax_codes");
  const Difference offsets = compare(offset, fixture.read<float>("absmax_offset"));
  const Difference scales = compare(scale, fixture.read<float>("absmax_scale"));
  const Difference first = compare(codes, fixture.read<uint8_t>("codes")), second = compare(absmax_codes, expected);
  check(offsets.most < 1e-5, on + "double quantization: offset" + figures(offsets));
  check(scales.most < 1e-5, on + "double quantization: scales" + figures(scales));
  check(first.count == 0, on + "double quantization: NF4 codes" + figures(first));
  check(second.count <= expected.size() / 100 && second.most <= 1, on + "double quantization: codes of scales" + figures(second));
  std::vector<float> dequantized = fixture.read<float>("dequantized_double");
  for (size_t i = 0; i < back.size(); ++i) {
    const size_t block = i / Nf4View::kBlock;
    if (absmax_codes[block] != expected[block]) back[i] = dequantized[i];
  }
  const Difference whole = compare(back, dequantized);
  check(whole.most < 1e-5, on + "double quantization: dequantized" + figures(whole));
}

void check_adamw8(Backend& ops, const std::string& on) {
  const Fixture fixture("adamw8");
  std::vector<float> parameter = fixture.read<float>("start"), gradients = fixture.read<float>("gradients");
  const std::vector<float> path = fixture.read<float>("parameters");
  const size_t n = parameter.size(), blocks = (n + 255) / 256;
  const float rate = 1e-2f;
  std::vector<uint8_t> m_codes(n, kSignedZeroCode), v_codes(n, 0);
  std::vector<float> m_absmax(blocks, 0.0f), v_absmax(blocks, 0.0f);
  AdamStep step;
  step.learning_rate = rate;
  for (size_t t = 0; t < gradients.size() / n; ++t) {
    step.t = static_cast<int64_t>(t) + 1;
    const View gradient = view_of(gradients.data() + t * n, DType::f32, 1, static_cast<int64_t>(n));
    ops.adamw8(floats(parameter), gradient, {m_codes.data(), v_codes.data(), m_absmax.data(), v_absmax.data()}, step);
    // A moment that falls on the edge between two codes may take either, and its element then moves by another few per cent of a step.
    const auto at = path.begin() + static_cast<std::ptrdiff_t>(t * n);
    const std::vector<float> expected(at, at + static_cast<std::ptrdiff_t>(n));
    size_t off = 0;
    for (size_t i = 0; i < n; ++i) off += std::abs(parameter[i] - expected[i]) > 1e-6f;
    const Difference d = compare(parameter, expected);
    const std::string name = on + "8-bit AdamW, step " + std::to_string(t + 1);
    check(off <= n / 500, name + ": " + std::to_string(off) + " elements are off by more than 1e-6");
    check(d.most < 0.3 * rate, name + ": largest difference" + figures(d));
  }
  auto same_codes = [&](const char* name, const std::vector<uint8_t>& codes) {
    const Difference d = compare(codes, fixture.read<uint8_t>(name));
    check(d.count <= n / 500 && d.most <= 2, on + "8-bit AdamW: " + name + figures(d));
  };
  same_codes("m_codes", m_codes);
  same_codes("v_codes", v_codes);
  const Difference m = compare(m_absmax, fixture.read<float>("m_absmax")), v = compare(v_absmax, fixture.read<float>("v_absmax"));
  check(m.most < 1e-3, on + "8-bit AdamW: scales of m" + figures(m));
  check(v.most < 1e-3, on + "8-bit AdamW: scales of v" + figures(v));
}

}  // namespace

int main() {
  check_maps();
  for (Isa isa : {Isa::avx2, Isa::avx512, Isa::avx512bf16}) {
    if (isa > processor_isa()) continue;
    Arena arena(Arena::Kind::real, 0);
    CpuBackend ops(arena, 2, isa);
    const std::string on = std::string(name_of(isa)) + ": ";
    for (const char* name : {"nf4-even", "nf4-odd", "nf4-double"}) check_nf4(ops, on, name);
    check_double_quantization(ops, on);
    check_adamw8(ops, on);
  }
  return test::finish();
}
