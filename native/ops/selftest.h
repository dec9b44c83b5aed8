#pragma once
#include <string>
#include <vector>

#include "core/arena.h"
#include "ops/ops.h"

namespace rankwise {

struct SelftestReport {
  int passed = 0;
  int failed = 0;
  std::vector<std::string> failures;  // one line each: operation, shape, types, and by how much
};

// quick: about a second, for `doctor --selftest`. thorough: more and larger shapes, for the native tests.
enum class SelftestSize { quick, thorough };

// Runs every operation of the table on shapes that do not fit the vectors, in every type it takes, with rows apart where it may, and
// compares with a plain reference in double. `arena` must be a real one; everything taken from it is given back.
SelftestReport run_op_table(Backend& ops, Arena& arena, SelftestSize size = SelftestSize::quick);

}  // namespace rankwise
