#include "quant/maps.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace rankwise {
namespace {

struct DynamicMap {
  std::array<float, 256> values;
  std::array<float, 257> midpoints;
  std::array<int32_t, 2 * kCodeBuckets> starts;
};

// The code of the least number of each bucket; negative numbers grow with a smaller magnitude.
void fill_starts(DynamicMap& map) {
  for (int32_t bucket = 0; bucket < kCodeBuckets; ++bucket) {
    const auto edge = [](int32_t b) { return std::bit_cast<float>(static_cast<uint32_t>(b + kCodeBase) << kCodeShift); };
    const float least = bucket == 0 ? 0.0f : edge(bucket);
    map.starts[static_cast<size_t>(bucket)] = nearest_code(map.midpoints.data(), 255, least);
    map.starts[static_cast<size_t>(bucket + kCodeBuckets)] = nearest_code(map.midpoints.data(), 255, -edge(bucket + 1));
  }
}

template <size_t N>
void fill_midpoints(const std::array<float, N>& values, float* midpoints) {
  for (size_t i = 0; i + 1 < N; ++i) midpoints[i] = static_cast<float>(0.5 * (static_cast<double>(values[i]) + values[i + 1]));
}

// Point `index` of `count` on [0.1, 1] as the reference's linspace rounds it: a float step, from the nearer end, rounded once.
float grid_point(int index, int count) {
  const double step = (1.0f - 0.1f) / static_cast<float>(count - 1);
  return static_cast<float>(index < count / 2 ? 0.1f + step * index : 1.0 - step * (count - index - 1));
}

DynamicMap make_dynamic_map(bool is_signed) {
  static constexpr std::array<float, 7> kDecades = {1e-6f, 1e-5f, 1e-4f, 1e-3f, 1e-2f, 1e-1f, 1.0f};
  DynamicMap map;
  size_t n = 0;
  for (int e = 0; e < 7; ++e) {
    const int points = (1 << (is_signed ? e : e + 1)) + 1;
    for (int i = 0; i + 1 < points; ++i) {
      const float value = kDecades[static_cast<size_t>(e)] * ((grid_point(i, points) + grid_point(i + 1, points)) / 2.0f);
      map.values[n++] = value;
      if (is_signed) map.values[n++] = -value;
    }
  }
  map.values[n++] = 0.0f;
  map.values[n++] = 1.0f;
  std::sort(map.values.begin(), map.values.end());
  fill_midpoints(map.values, map.midpoints.data());
  map.midpoints[255] = map.midpoints[256] = std::numeric_limits<float>::infinity();
  fill_starts(map);
  return map;
}

const DynamicMap& signed_map() {
  static const DynamicMap map = make_dynamic_map(true);
  return map;
}
const DynamicMap& unsigned_map() {
  static const DynamicMap map = make_dynamic_map(false);
  return map;
}

constexpr std::array<float, 16> kNf4 = {
    -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f,
    -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
    0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f};

}  // namespace

const float* signed_dynamic_map() { return signed_map().values.data(); }
const float* unsigned_dynamic_map() { return unsigned_map().values.data(); }
const float* signed_dynamic_midpoints() { return signed_map().midpoints.data(); }
const float* unsigned_dynamic_midpoints() { return unsigned_map().midpoints.data(); }
const int32_t* signed_dynamic_starts() { return signed_map().starts.data(); }
const int32_t* unsigned_dynamic_starts() { return unsigned_map().starts.data(); }

const float* nf4_levels() { return kNf4.data(); }
const float* nf4_midpoints() {
  static const std::array<float, 15> midpoints = [] {
    std::array<float, 15> m;
    fill_midpoints(kNf4, m.data());
    return m;
  }();
  return midpoints.data();
}

int nearest_code(const float* midpoints, int count, float x) {
  int code = 0;
  for (int half = 128; half > 0; half /= 2) {
    if (code + half <= count && x > midpoints[code + half - 1]) code += half;
  }
  return code;
}

}  // namespace rankwise
