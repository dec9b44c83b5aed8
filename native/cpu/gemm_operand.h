#pragma once
#include "cpu/dispatch.h"
#include "cpu/isa/gemm_kernels.h"
#include "cpu/isa/vector_kernels.h"
#include "ops/ops.h"

namespace rankwise {

// The product kernels compiled for an instruction set. Throws E_CPU where there are none for it.
const GemmKernels& gemm_kernels(Isa isa);

// Reads one side of a product, whatever it is stored as. "Lanes" are the rows of A or the columns of B; a "line" is a row of the
// storage, which runs along the lanes or along k.
class OperandReader {
 public:
  // Elements of one line that decode() takes, and what it may write before them.
  static constexpr int64_t kMostDecoded = 4096;
  static constexpr int64_t kHeadroom = Nf4View::kBlock;
  static constexpr int64_t kScratch = kMostVectors * (kMostDecoded + kHeadroom);  // floats that pack() and lines() need

  OperandReader(const GemmKernels& kernels, const VectorKernels& vectors, Product product)
      : kernels_(kernels), vectors_(vectors), product_(product == Product::bf16 ? 1 : 0) {}

  static bool lines_along_k(const Operand& operand, bool left) { return operand.transposed != left; }

  // Lanes [lane, lane + panels.width), elements [k, k + count) of each, into panels; k even where units are pairs.
  void pack(const Operand& operand, bool left, int64_t lane, int64_t k, int64_t count, const GemmPanels& panels, float* scratch) const;

  // One element as an f32, rounded where the product works in bfloat16.
  float element(const Operand& operand, bool left, int64_t lane, int64_t k) const;

  struct Lines {
    const void* data;
    int64_t ld;
    int bf16;  // index of the kernels for its type
  };
  // Elements [from, from + length) of lines [line, line + count): where they lie, or decoded into scratch. Decoded lines must fit it:
  // count ≤ most_lines(length), length ≤ kMostDecoded.
  Lines lines(const Operand& operand, int64_t line, int64_t count, int64_t from, int64_t length, float* scratch) const;
  static int64_t most_lines(int64_t length) { return kScratch / (length + kHeadroom); }

 private:
  void decode(const Nf4View& from, int64_t first, int64_t count, float* to) const;

  const GemmKernels& kernels_;
  const VectorKernels& vectors_;
  int product_;
};

}  // namespace rankwise
