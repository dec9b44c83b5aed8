#include "cpu/gemm_operand.h"

#include <algorithm>
#include <bit>

#include "core/error.h"
#include "cpu/view_math.h"
#include "quant/maps.h"

namespace rankwise {
namespace avx2 {
const GemmKernels& gemm_kernels();
}
namespace avx512 {
const GemmKernels& gemm_kernels();
}
namespace avx512bf16 {
const GemmKernels& gemm_kernels();
}

const GemmKernels& gemm_kernels(Isa isa) {
  switch (isa) {
    case Isa::avx2: return avx2::gemm_kernels();
    case Isa::avx512: return avx512::gemm_kernels();
    case Isa::avx512bf16: return avx512bf16::gemm_kernels();
    case Isa::none: break;
  }
  fail("E_CPU", "This processor lacks the AVX2 and FMA instructions that the engine needs.",
       "Any Intel or AMD processor since about 2015 has them; a virtual machine may have to pass them on.");
}

namespace {

// Pieces of an NF4 operand that are decoded at a time: they stay in the first-level cache until they are packed.
constexpr int64_t kPieceAlongLanes = 512, kLinesAlongLanes = 16;
constexpr int64_t kPieceAlongK = 128;

float scale_of(const Nf4View& v, int64_t block) {
  if (!v.double_quantized) return v.absmax[block];
  return signed_dynamic_map()[v.absmax_codes[block]] * v.absmax_scale[block / Nf4View::kScaleBlock] + *v.absmax_offset;
}

float from_bf16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

float rounded_to_bf16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return x;
  return std::bit_cast<float>((bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u);
}

}  // namespace

// Whole blocks from the one that holds `first`: up to kHeadroom − 1 elements before `to` are overwritten.
void OperandReader::decode(const Nf4View& from, int64_t first, int64_t count, float* to) const {
  const int64_t block = first / Nf4View::kBlock, head = first % Nf4View::kBlock;
  float scales[kMostDecoded / Nf4View::kBlock + 1];
  const float* absmax = from.absmax + block;
  if (from.double_quantized) {
    const int64_t blocks = (head + count + Nf4View::kBlock - 1) / Nf4View::kBlock;
    for (int64_t i = 0; i < blocks; ++i) scales[i] = scale_of(from, block + i);
    absmax = scales;
  }
  vectors_.dequantize_nf4[0](head + count, from.codes + block * (Nf4View::kBlock / 2), absmax, nf4_levels(), to - head);
}

OperandReader::Lines OperandReader::lines(const Operand& operand, int64_t line, int64_t count, int64_t from, int64_t length,
                                          float* scratch) const {
  if (!operand.is_nf4) return {at(operand.dense, line, from), operand.dense.ld, kind(operand.dense)};
  const int64_t ld = length + kHeadroom;
  for (int64_t i = 0; i < count; ++i) decode(operand.nf4, (line + i) * operand.nf4.cols + from, length, scratch + i * ld + kHeadroom);
  return {scratch + kHeadroom, ld, 0};
}

void OperandReader::pack(const Operand& operand, bool left, int64_t lane, int64_t k, int64_t count, const GemmPanels& panels,
                         float* scratch) const {
  const bool along_k = lines_along_k(operand, left);
  const auto& kernel = along_k ? kernels_.pack_lines[product_] : kernels_.pack_lanes[product_];
  if (!operand.is_nf4) {
    const View& v = operand.dense;
    return kernel[kind(v)](along_k ? at(v, lane, k) : at(v, k, lane), v.ld, count, panels);
  }
  const int64_t per_unit = product_ == 1 && kernels_.units_of_two ? 2 : 1;
  const int64_t whole = kPieceAlongLanes / panels.panel_lanes * panels.panel_lanes;
  const int64_t step_lanes = along_k ? panels.panel_lanes : whole, step_k = along_k ? kPieceAlongK : kLinesAlongLanes;
  for (int64_t i = 0; i < panels.width; i += step_lanes) {
    const int64_t width = std::min(step_lanes, panels.width - i);
    for (int64_t j = 0; j < count; j += step_k) {
      const int64_t depth = std::min(step_k, count - j);
      GemmPanels piece = panels;
      piece.width = width;
      piece.to = panels.to + i / panels.panel_lanes * panels.panel_stride + j / per_unit * panels.unit_stride;
      const Lines decoded = along_k ? lines(operand, lane + i, width, k + j, depth, scratch)
                                    : lines(operand, k + j, depth, lane + i, width, scratch);
      kernel[decoded.bf16](decoded.data, decoded.ld, depth, piece);
    }
  }
}

float OperandReader::element(const Operand& operand, bool left, int64_t lane, int64_t k) const {
  const bool along_k = lines_along_k(operand, left);
  const int64_t line = along_k ? lane : k, place = along_k ? k : lane;
  float x;
  if (operand.is_nf4) {
    const int64_t index = line * operand.nf4.cols + place;
    const int byte = operand.nf4.codes[index / 2];
    x = nf4_levels()[index % 2 == 0 ? byte >> 4 : byte & 15] * scale_of(operand.nf4, index / Nf4View::kBlock);
  } else if (operand.dense.dtype == DType::bf16) {
    return from_bf16(operand.dense.as<uint16_t>()[line * operand.dense.ld + place]);
  } else {
    x = operand.dense.as<float>()[line * operand.dense.ld + place];
  }
  return product_ == 1 ? rounded_to_bf16(x) : x;
}

}  // namespace rankwise
