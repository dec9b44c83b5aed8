#include "cpu/gemm_vectors.h"

#include <algorithm>
#include <bit>

#include "cpu/gemm_operand.h"
#include "cpu/vector_dispatch.h"
#include "cpu/view_math.h"

namespace rankwise {
namespace {

constexpr int64_t kMostK = OperandReader::kMostDecoded;  // elements of k at a time
constexpr int64_t kMostLanes = 2048;                     // results of a vector at a time
constexpr int64_t kGrain = 32;                           // of the members' shares
constexpr int64_t kGrainOfWork = 1 << 15;                // multiplications worth waking a member for

float read(const View& v, int64_t row, int64_t col) {
  const int64_t i = row * v.ld + col;
  return v.dtype == DType::bf16 ? std::bit_cast<float>(static_cast<uint32_t>(v.as<uint16_t>()[i]) << 16) : v.as<float>()[i];
}

void write(const View& v, int64_t row, int64_t col, float x) {
  const int64_t i = row * v.ld + col;
  if (v.dtype == DType::f32) {
    v.as<float>()[i] = x;
    return;
  }
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
  v.as<uint16_t>()[i] = static_cast<uint16_t>(nan ? bits >> 16 | 0x40u : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

// The few rows of A (or columns of B, where out is narrow) are the vectors, the other operand is the matrix.
struct VectorProduct {
  const GemmKernels& kernels;
  OperandReader reader;
  std::span<const Term> terms;
  const View& out;
  const Epilogue& epilogue;
  int product;
  bool vectors_left;  // the vectors are rows of A

  int64_t vectors() const { return vectors_left ? out.rows : out.cols; }

  // Results [begin, end) of every vector.
  void work(int64_t begin, int64_t end, float* memory) const {
    float* x = memory;
    float* sums = x + kMostVectors * kMostK;
    float* scratch = sums + kMostVectors * kMostLanes;
    for (int64_t lane = begin; lane < end; lane += kMostLanes) {
      const int64_t lanes = std::min(kMostLanes, end - lane);
      for (int64_t i = 0; i < vectors(); ++i) std::fill_n(sums + i * kMostLanes, lanes, 0.0f);
      for (const Term& term : terms) {
        for (int64_t k = 0; k < term.a.cols(); k += kMostK) {
          add(term, lane, lanes, k, std::min(kMostK, term.a.cols() - k), x, sums, scratch);
        }
      }
      finish(lane, lanes, sums);
    }
  }

  void add(const Term& term, int64_t lane, int64_t lanes, int64_t k, int64_t count, float* x, float* sums, float* scratch) const {
    const Operand& narrow = vectors_left ? term.a : term.b;
    const Operand& matrix = vectors_left ? term.b : term.a;
    for (int64_t i = 0; i < vectors(); ++i) {
      for (int64_t j = 0; j < count; ++j) x[i * kMostK + j] = reader.element(narrow, vectors_left, i, k + j);
    }
    const bool dots = OperandReader::lines_along_k(matrix, !vectors_left);
    const int64_t all = dots ? lanes : count, length = dots ? count : lanes;
    const int64_t step = matrix.is_nf4 ? std::min<int64_t>(16, OperandReader::most_lines(length)) : all;
    for (int64_t line = 0; line < all; line += step) {
      const int64_t lines = std::min(step, all - line);
      const OperandReader::Lines w = dots ? reader.lines(matrix, lane + line, lines, k, count, scratch)
                                          : reader.lines(matrix, k + line, lines, lane, lanes, scratch);
      if (dots) {
        kernels.dots[product][w.bf16](vectors(), lines, count, x, kMostK, w.data, w.ld, sums + line, kMostLanes);
      } else {
        kernels.combine[product][w.bf16](vectors(), lanes, lines, x + line, kMostK, w.data, w.ld, sums, kMostLanes);
      }
    }
  }

  void finish(int64_t lane, int64_t lanes, const float* sums) const {
    for (int64_t i = 0; i < vectors(); ++i) {
      for (int64_t j = 0; j < lanes; ++j) {
        const int64_t row = vectors_left ? i : lane + j, col = vectors_left ? lane + j : i;
        float y = epilogue.alpha * sums[i * kMostLanes + j];
        if (epilogue.bias) y += read(*epilogue.bias, 0, col);
        if (epilogue.add) y += read(*epilogue.add, row, col);
        write(out, row, col, y);
      }
    }
  }
};

}  // namespace

void multiply_vectors(ThreadPool& pool, Isa isa, const GemmWorkspace& workspace, std::span<const Term> terms, const View& out,
                      Product product, const Epilogue& epilogue) {
  const GemmKernels& kernels = gemm_kernels(isa);
  const VectorProduct job{kernels, OperandReader(kernels, vector_kernels(isa), product), terms, out, epilogue,
                          product == Product::bf16 ? 1 : 0, out.rows <= kMostVectors};
  int64_t depth = 0;
  for (const Term& term : terms) depth += term.a.cols();
  const int64_t each = std::max<int64_t>(1, depth * job.vectors());
  const int64_t grain = std::max<int64_t>(1, kGrainOfWork / each / kGrain) * kGrain;
  pool.parallel_for(job.vectors_left ? out.cols : out.rows, grain, [&](int64_t begin, int64_t end, int member) {
    char* own = static_cast<char*>(workspace.per_thread) + static_cast<uint64_t>(member) * kGemmThreadBytes;
    job.work(begin, end, reinterpret_cast<float*>(own));
  });
}

}  // namespace rankwise
