#pragma once
#include "cpu/gemm.h"

namespace rankwise {

// gemm() where out has at most kMostVectors rows, or as few columns: the large operand is read once, in its order, and not packed.
void multiply_vectors(ThreadPool& pool, Isa isa, const GemmWorkspace& workspace, std::span<const Term> terms, const View& out,
                      Product product, const Epilogue& epilogue);

}  // namespace rankwise
