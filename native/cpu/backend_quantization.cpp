#include "cpu/backend_spans.h"
#include "cpu/view_math.h"
#include "ops/shape_checks.h"
#include "quant/maps.h"
#include "quant/nf4.h"

namespace rankwise {
namespace {

constexpr int64_t kGrain = kSpanGrain / Nf4View::kBlock;

}  // namespace

void CpuBackend::quantize_nf4(const View& from, const Nf4View& to, const View& scratch) {
  shape_checks::quantize_nf4(from, to, scratch);
  float* absmax = to.double_quantized ? scratch.as<float>() : to.absmax;
  const auto kernel = kernels_.quantize_nf4[kind(from)];
  const int64_t size = to.size(), blocks = to.blocks();
  split(blocks, kGrain, [&](int64_t first, int64_t last, int) {
    const int64_t begin = first * Nf4View::kBlock, end = std::min(size, last * Nf4View::kBlock);
    kernel(end - begin, at(from, 0, begin), nf4_midpoints(), to.codes + begin / 2, absmax + first);
  });
  if (!to.double_quantized) return;

  *to.absmax_offset = blocks > 0 ? static_cast<float>(sum(view_of(absmax, DType::f32, 1, blocks)) / static_cast<double>(blocks)) : 0.0f;
  split(to.scale_blocks(), 16, [&](int64_t first, int64_t last, int) {
    for (int64_t i = first; i < last; ++i) {
      const int64_t begin = i * Nf4View::kScaleBlock, count = std::min(blocks - begin, Nf4View::kScaleBlock);
      quantize_scales(absmax + begin, count, *to.absmax_offset, to.absmax_codes + begin, to.absmax_scale + i);
    }
  });
}

// Double-quantized scales are decoded a block of 256 at a time, into a buffer on the stack.
void CpuBackend::dequantize_nf4(const Nf4View& from, const View& to) {
  shape_checks::dequantize_nf4(from, to);
  const auto kernel = kernels_.dequantize_nf4[kind(to)];
  const int64_t size = from.size(), blocks = from.blocks();
  split(blocks, kGrain, [&](int64_t first, int64_t last, int) {
    while (first < last) {
      const int64_t scale_block = first / Nf4View::kScaleBlock;
      const int64_t next = from.double_quantized ? std::min(last, (scale_block + 1) * Nf4View::kScaleBlock) : last;
      float decoded[Nf4View::kScaleBlock];
      const float* absmax = from.absmax + first;
      if (from.double_quantized) {
        dequantize_scales(from.absmax_codes + first, next - first, from.absmax_scale[scale_block], *from.absmax_offset, decoded);
        absmax = decoded;
      }
      const int64_t begin = first * Nf4View::kBlock, end = std::min(size, next * Nf4View::kBlock);
      kernel(end - begin, from.codes + begin / 2, absmax, nf4_levels(), at(to, 0, begin));
      first = next;
    }
  });
}

}  // namespace rankwise
