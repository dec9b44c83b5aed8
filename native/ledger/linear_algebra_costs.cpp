// Mirrors native/cuda/kernels/{jacobi,householder,row_signs}.cu. Small matrices: the bytes of sweeps and reflections are what the
// launches touch, most of it in the second-level cache.
#include <algorithm>

#include "ledger/card_costs.h"

namespace rankwise::ledger {

namespace {

// One-sided Jacobi on p rows in elements of `width` bytes: begin and scale, sweeps, values and order.
Traffic jacobi(int64_t rows, double width) {
  const double p = static_cast<double>(rows), square = p * p * width, players = static_cast<double>(rows + rows % 2);
  Traffic cost = launch(4 * p * p, 2 * square + p * width, 2 * p * p);
  cost += launch(p * width, 8, p);
  for (int sweep = 0; sweep < kCountedSweeps; ++sweep) {
    const double steps = rows > 1 ? players - 1 : 0;
    cost.launches += steps + 2;  // with the counter set to zero and the answers fetched
    cost.cached += steps * 4 * square;
    cost.operations += steps * p * (3 * p + 6 * p);
  }
  cost += launch(2 * square, p * width, 2 * p * p);
  cost += launch(p * width, 4 * p, p * p);
  return cost;
}

}  // namespace

Traffic eigh_top(std::span<const Backend::EighTask> tasks) {
  Traffic cost;
  for (const auto& task : tasks) {
    cost += jacobi(task.gram.rows, 4);
    cost += launch(bytes_in(task.out) + 8.0 * static_cast<double>(task.out.rows), bytes_in(task.out) + 4.0 * static_cast<double>(task.out.rows));
    cost.floor += bytes_in(task.gram) + bytes_in(task.out);
  }
  return cost;
}

// Panels of sixteen reflections: made by one block, applied to the rows below; then the rows of Q.
Traffic orthonormalize_rows(const View& a) {
  constexpr int64_t kPanel = 16;
  const double r = static_cast<double>(a.rows), n = static_cast<double>(a.cols), all = bytes_in(a);
  Traffic cost = launch(all, all);
  for (int64_t from = 0; from < a.rows; from += kPanel) {
    const int64_t end = std::min(a.rows, from + kPanel);
    const double panel = 4.0 * static_cast<double>((end - from) * (a.cols - from)), below = 4.0 * static_cast<double>((a.rows - end) * (a.cols - from));
    cost += launch(panel, panel);
    if (end < a.rows) cost += launch(panel + below, below);
  }
  cost += launch(all, all);
  cost.operations = 4 * n * r * r;
  cost.floor = 2 * all;
  return cost;
}

Traffic fix_row_signs(const View& a) { return no_more_than_needed(launch(bytes_in(a), bytes_in(a), static_cast<double>(a.size()))); }

Traffic pseudo_inverse_symmetric(const View& a) {
  const double r = static_cast<double>(a.rows);
  Traffic cost = jacobi(a.rows, 8);
  cost += launch(8 * (r * r + r) + 4, bytes_in(a), 3 * r * r * r);
  cost.floor = 2 * bytes_in(a);
  return cost;
}

}  // namespace rankwise::ledger
