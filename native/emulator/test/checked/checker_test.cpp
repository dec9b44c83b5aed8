// The access checker finds planted faults in every order of threads, and nothing in right kernels; it counts bytes exactly.
#include <numeric>

#include "cuda/launch.h"
#include "emulator/faults.h"
#include "emulator/launches.h"
#include "emulator/test/kernels.h"
#include "emulator/test/library/device.h"
#include "test/check.h"

using rankwise::emulator::kFaultStatus;
using rankwise::emulator::LaunchCount;
using rankwise::emulator::Launches;
using rankwise::test::check;
using rankwise::test::DeviceArray;
using rankwise::test::in_process;

namespace {

constexpr int kRows = 3, kCols = 700;

int row_sums(Fault fault) {
  DeviceArray<float> input(std::vector<float>(kRows * kCols, 1.0f)), sums(kRows);
  launch_row_sums(fault, input, sums, kRows, kCols);
  return cudaDeviceSynchronize();
}

int total(Fault fault) {
  DeviceArray<int> input(std::vector<int>(1000, 1)), sum(std::vector<int>{0});
  launch_total(fault, input, sum, 1000);
  return sum.host()[0] == 1000 ? 0 : 1;
}

int reversed(Fault fault) {
  DeviceArray<float> input(std::vector<float>(64, 1.0f)), output(64);
  launch_reverse(fault, input, output, 64);
  return cudaDeviceSynchronize();
}

int doubled(Fault fault) {
  DeviceArray<float> input(std::vector<float>(100, 1.0f)), output(100);
  std::vector<float> host(100, 1.0f);
  launch_double(fault, fault == Fault::host_pointer ? host.data() : static_cast<float*>(input), output, 100);
  return cudaDeviceSynchronize();
}

// Two tensors of one allocation; the second is read after it was given back, or past its end.
int in_an_arena(Fault fault) {
  DeviceArray<float> arena(1024);
  float *first = arena, *second = first + 128;
  RANKWISE_TENSOR_BEGIN(first, 400, nullptr);
  RANKWISE_TENSOR_BEGIN(second, 400, nullptr);
  cudaMemsetAsync(second, 0, 400, nullptr);
  if (fault == Fault::stale_tensor) RANKWISE_TENSOR_END(second, 400, nullptr);
  launch_double(fault, second, first, 100);
  return cudaDeviceSynchronize();
}

void expect_race(const std::string& what, const std::function<int()>& work) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const auto outcome = in_process(seed, work);
    check(outcome.status == kFaultStatus && outcome.message.find("a race") != std::string::npos, what + ": " + outcome.message);
  }
}

void expect_fault(const std::string& what, const std::string& words, const std::function<int()>& work) {
  const auto outcome = in_process(1, work);
  check(outcome.status == kFaultStatus && outcome.message.find(words) != std::string::npos, what + ": " + outcome.message);
}

void bytes() {
  Launches::the().counts().clear();
  row_sums(Fault::none);
  const LaunchCount sums = Launches::the().counts()["row_sums"];
  check(sums.launches == 1 && sums.threads == kRows * 256, "launches and threads are counted");
  check(sums.bytes_read == kRows * kCols * 4 && sums.bytes_written == kRows * 4, "each byte is counted once a launch");
  check(sums.bytes_requested == kRows * (2 * kCols + 1) * 4, "every access is counted");
}

}  // namespace

int main() {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const auto right = in_process(seed, [] {
      return row_sums(Fault::none) + total(Fault::none) + reversed(Fault::none) + doubled(Fault::none) + in_an_arena(Fault::none);
    });
    check(right.status == 0, "right kernels are found right: " + right.message);
  }
  expect_race("a removed barrier", [] { return row_sums(Fault::no_barrier); });
  expect_race("a barrier missing before shared memory is used again", [] { return row_sums(Fault::no_second_barrier); });
  expect_race("a sum over blocks without an atomic", [] { return total(Fault::plain_sum); });
  expect_race("a missing __syncwarp", [] { return reversed(Fault::no_barrier); });
  expect_fault("one past a shared array", "outside every shared array", [] { return row_sums(Fault::shared_overrun); });
  expect_fault("an unguarded tail", "past the end of an allocation", [] { return doubled(Fault::unguarded_tail); });
  expect_fault("an unguarded tail inside an arena", "past the end of a live tensor", [] { return in_an_arena(Fault::unguarded_tail); });
  expect_fault("a tensor that was given back", "past the end of a live tensor", [] { return in_an_arena(Fault::stale_tensor); });
  expect_fault("a pointer to the host's memory", "of host memory", [] { return doubled(Fault::host_pointer); });
  bytes();
  return rankwise::test::finish();
}
