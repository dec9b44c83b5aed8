#include "cpu/backend_spans.h"
#include "cpu/view_math.h"
#include "ops/shape_checks.h"
#include "quant/maps.h"

namespace rankwise {
namespace {

constexpr int64_t kBlock8 = 256;

Moments8 moments_from(const Adam8State& state, int64_t block) {
  Moments8 s{};
  s.m_codes = state.m_codes + block * kBlock8;
  s.v_codes = state.v_codes + block * kBlock8;
  s.m_absmax = state.m_absmax + block;
  s.v_absmax = state.v_absmax + block;
  s.signed_map = signed_dynamic_map();
  s.unsigned_map = unsigned_dynamic_map();
  s.signed_midpoints = signed_dynamic_midpoints();
  s.unsigned_midpoints = unsigned_dynamic_midpoints();
  s.signed_starts = signed_dynamic_starts();
  s.unsigned_starts = unsigned_dynamic_starts();
  s.code_shift = kCodeShift;
  s.code_base = kCodeBase;
  s.code_buckets = kCodeBuckets;
  return s;
}

int64_t blocks_of(int64_t n, int64_t block) { return (n + block - 1) / block; }

}  // namespace

// Parts begin at multiples of 64 elements, as the random words of stochastic rounding ask.
void CpuBackend::adamw(const View& parameter, const View& gradient, const View& m, const View& v, const AdamStep& step) {
  shape_checks::adam(parameter, gradient, m, v);
  const AdamConstants constants = adam_constants(step);
  const auto kernel = kernels_.adamw[kind(parameter)][kind(gradient)][kind(m)];
  const int64_t n = parameter.size();
  constexpr int64_t kRun = 64;
  split(blocks_of(n, kRun), kSpanGrain / kRun, [&](int64_t from, int64_t to, int) {
    const int64_t begin = from * kRun, end = std::min(n, to * kRun);
    kernel(end - begin, static_cast<uint64_t>(begin), constants, at(parameter, 0, begin), at(gradient, 0, begin), at(m, 0, begin),
           at(v, 0, begin));
  });
}

void CpuBackend::adam_direction(const View& gradient, const View& m, const View& v, const View& update, const AdamStep& step) {
  shape_checks::adam(update, gradient, m, v);
  shape_checks::f32("adam_direction", update);
  const AdamConstants constants = adam_constants(step);
  const auto kernel = kernels_.adam_direction[kind(gradient)][kind(m)];
  split(gradient.size(), kSpanGrain, [&](int64_t from, int64_t to, int) {
    kernel(to - from, constants, at(gradient, 0, from), at(m, 0, from), at(v, 0, from), update.as<float>() + from);
  });
}

void CpuBackend::adamw8(const View& parameter, const View& gradient, const Adam8State& state, const AdamStep& step) {
  shape_checks::adam8(parameter, gradient);
  const AdamConstants constants = adam_constants(step);
  const auto kernel = kernels_.adamw8[kind(parameter)][kind(gradient)];
  const int64_t n = parameter.size();
  split(blocks_of(n, kBlock8), kSpanGrain / kBlock8, [&](int64_t from, int64_t to, int) {
    const int64_t begin = from * kBlock8, end = std::min(n, to * kBlock8);
    kernel(end - begin, static_cast<uint64_t>(begin), constants, moments_from(state, from), at(parameter, 0, begin),
           at(gradient, 0, begin));
  });
}

void CpuBackend::adam_direction8(const View& gradient, const Adam8State& state, const View& update, const AdamStep& step) {
  shape_checks::adam8(update, gradient);
  shape_checks::f32("adam_direction8", update);
  const AdamConstants constants = adam_constants(step);
  const auto kernel = kernels_.adam_direction8[kind(gradient)];
  const int64_t n = gradient.size();
  split(blocks_of(n, kBlock8), kSpanGrain / kBlock8, [&](int64_t from, int64_t to, int) {
    const int64_t begin = from * kBlock8, end = std::min(n, to * kBlock8);
    kernel(end - begin, constants, moments_from(state, from), at(gradient, 0, begin), update.as<float>() + begin);
  });
}

}  // namespace rankwise
