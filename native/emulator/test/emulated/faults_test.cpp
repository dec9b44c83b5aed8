// Planted faults are found by what plain execution shows: wrong results in some order of threads, red zones, guard pages, deadlocks.
#include <cmath>
#include <numeric>

#include "emulator/faults.h"
#include "emulator/test/kernels.h"
#include "emulator/test/library/device.h"
#include "test/check.h"

using rankwise::emulator::kFaultStatus;
using rankwise::test::check;
using rankwise::test::DeviceArray;
using rankwise::test::in_process;
using rankwise::test::Outcome;

namespace {

constexpr int kOrders = 20;

// 0 when right, 1 when wrong (a NaN is wrong).
int row_sums(Fault fault) {
  constexpr int rows = 3, cols = 700;
  std::vector<float> x(rows * cols, 1.0f);
  DeviceArray<float> input(x), sums(rows);
  launch_row_sums(fault, input, sums, rows, cols);
  for (const float sum : sums.host()) {
    if (!(sum == static_cast<float>(cols))) return 1;
  }
  return 0;
}

int reversed(Fault fault) {
  std::vector<float> x(64);
  std::iota(x.begin(), x.end(), 0.0f);
  DeviceArray<float> input(x), output(64);
  launch_reverse(fault, input, output, 64);
  const std::vector<float> got = output.host();
  for (size_t i = 0; i < 64; ++i) {
    if (!(got[i] == x[i / 32 * 32 + 31 - i % 32])) return 1;
  }
  return 0;
}

int doubled(Fault fault) {
  std::vector<float> x(100, 1.0f);
  DeviceArray<float> input(x), output(100);
  launch_double(fault, input, output, 100);
  return output.host()[99] == 2.0f ? 0 : 1;
}

// How many of the orders show it, as a wrong result or as a fault.
int found(const std::function<int()>& work) {
  int count = 0;
  for (uint64_t seed = 1; seed <= kOrders; ++seed) count += in_process(seed, work).status != 0;
  return count;
}

void expect_fault(const std::string& what, const std::string& words, const std::function<int()>& work) {
  const Outcome outcome = in_process(1, work);
  // AddressSanitizer speaks first where the program has it.
  const bool sanitizer = outcome.message.find("AddressSanitizer") != std::string::npos;
  check(sanitizer || (outcome.status == kFaultStatus && outcome.message.find(words) != std::string::npos), what + ": " + outcome.message);
}

}  // namespace

int main() {
  check(found([] { return row_sums(Fault::none) + reversed(Fault::none) + doubled(Fault::none); }) == 0, "right kernels are found right");
  const int first = found([] { return row_sums(Fault::no_barrier); });
  check(first == kOrders, "a removed barrier is found in " + std::to_string(first) + " of 20 orders");
  const int second = found([] { return row_sums(Fault::no_second_barrier); });
  check(second >= kOrders / 2, "a barrier missing before shared memory is used again is found in " + std::to_string(second) + " of 20 orders");
  const int warp = found([] { return reversed(Fault::no_barrier); });
  check(warp >= kOrders / 2, "a missing __syncwarp is found in " + std::to_string(warp) + " of 20 orders");

  expect_fault("one past a shared array", "bytes past its end", [] { return row_sums(Fault::shared_overrun); });
  expect_fault("an unguarded tail", "bytes past its end", [] { return doubled(Fault::unguarded_tail); });
  expect_fault("a barrier at two places", "reached at different places", [] { return row_sums(Fault::divergent_barrier); });
  expect_fault("a shuffle with lanes missing", "lanes that never come", [] { return reversed(Fault::missing_lanes); });

  const Outcome touched = in_process(1, [] {
    DeviceArray<float> x(4);
    volatile float* data = x;
    data[0] = 1;
    return 0;
  });
  check(touched.status != 0, "the host cannot touch the device's memory");
  return rankwise::test::finish();
}
