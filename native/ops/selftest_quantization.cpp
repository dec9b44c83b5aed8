#include <cmath>

#include "ops/selftest_table.h"
#include "quant/maps.h"

namespace rankwise::selftest {
namespace {

using Values = std::vector<double>;

struct Storage {
  Sample codes, absmax, absmax_codes, absmax_scale, absmax_offset;
  Nf4View view;
};

Storage storage(Table& t, Shape s, bool doubly) {
  Storage st;
  st.view.rows = s.rows;
  st.view.cols = s.cols;
  st.view.double_quantized = doubly;
  st.codes = t.bytes(static_cast<uint64_t>(st.view.code_bytes()));
  st.view.codes = st.codes.view.as<uint8_t>();
  if (doubly) {
    st.absmax_codes = t.bytes(static_cast<uint64_t>(st.view.blocks()));
    st.absmax_scale = t.filled(DType::f32, {1, st.view.scale_blocks()}, 0);
    st.absmax_offset = t.filled(DType::f32, {1, 1}, 0);
    st.view.absmax_codes = st.absmax_codes.view.as<uint8_t>();
    st.view.absmax_scale = st.absmax_scale.view.as<float>();
    st.view.absmax_offset = st.absmax_offset.view.as<float>();
  } else {
    st.absmax = t.filled(DType::f32, {1, st.view.blocks()}, 0);
    st.view.absmax = st.absmax.view.as<float>();
  }
  return st;
}

// What the storage holds, read back.
struct Stored {
  Values codes, scales;  // one level each of an element; one scale each of a block
};

Stored read_back(const Table& t, const Storage& st) {
  Stored out;
  const Values bytes = t.values(st.codes);
  for (int64_t i = 0; i < st.view.size(); ++i) {
    const int byte = static_cast<int>(bytes[static_cast<size_t>(i / 2)]);
    out.codes.push_back(static_cast<double>(nf4_levels()[i % 2 == 0 ? byte >> 4 : byte & 15]));
  }
  if (!st.view.double_quantized) {
    out.scales = t.values(st.absmax);
    return out;
  }
  const Values codes = t.values(st.absmax_codes), scale = t.values(st.absmax_scale), offset = t.values(st.absmax_offset);
  for (size_t b = 0; b < codes.size(); ++b) {
    out.scales.push_back(static_cast<double>(signed_dynamic_map()[static_cast<size_t>(codes[b])]) * scale[b / 256] + offset[0]);
  }
  return out;
}

void nf4(Table& t, Shape s, DType type, bool doubly) {
  const Sample x = t.random(type, s, 0.7), back = t.filled(type, s, 0);
  const Storage st = storage(t, s, doubly);
  const Sample scratch = t.filled(DType::f32, {1, doubly ? st.view.blocks() : 0}, 0);
  t.ops.quantize_nf4(x, st.view, scratch);
  const Values xs = t.values(x);
  const Stored stored = read_back(t, st);
  Values expected;
  bool nearest = true, scales = true;
  double mean = 0, widest = 0;
  Values largest(static_cast<size_t>(st.view.blocks()), 0.0);
  for (size_t i = 0; i < xs.size(); ++i) largest[i / 64] = std::max(largest[i / 64], std::fabs(xs[i]));
  for (const double a : largest) mean += a / static_cast<double>(largest.size());
  for (const double a : largest) widest = std::max(widest, std::fabs(a - mean));
  for (size_t i = 0; i < xs.size(); ++i) {
    double best = 2;
    const double ratio = largest[i / 64] > 0 ? xs[i] / largest[i / 64] : 0;
    for (int c = 0; c < 16; ++c) best = std::min(best, std::fabs(static_cast<double>(nf4_levels()[c]) - ratio));
    nearest = nearest && std::fabs(stored.codes[i] - ratio) <= best + 1e-6;
    expected.push_back(stored.codes[i] * stored.scales[i / 64]);
  }
  for (size_t b = 0; b < largest.size(); ++b) {
    scales = scales && std::fabs(stored.scales[b] - largest[b]) <= (doubly ? 0.00704 * widest : 0.0) + 1e-6;
  }
  const std::string what = label("nf4", s, {type}) + (doubly ? " doubly" : "");
  t.expect(nearest, what + ": a code is not the nearest level");
  t.expect(scales, what + ": a scale is not the block's largest magnitude");
  t.ops.dequantize_nf4(st.view, back);
  t.compare(what + " back", back, expected, 0.1);
}

}  // namespace

void check_quantization(Table& t) {
  std::vector<Shape> shapes = t.shapes();
  shapes.push_back({t.thorough ? 300 : 5, 4096});  // more than one block of scales
  for (const Shape s : shapes) {
    for (const DType type : kFloatTypes) {
      nf4(t, s, type, false);
      nf4(t, s, type, true);
    }
  }
}

}  // namespace rankwise::selftest
