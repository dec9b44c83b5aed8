// The emulator keeps CUDA's promises: right kernels are right in every order of threads, blocks and streams, and launches, copies,
// events and memory behave as on a card.
#include <cstring>
#include <numeric>

#include "emulator/schedule.h"
#include "emulator/streams.h"
#include "emulator/test/kernels.h"
#include "emulator/test/library/device.h"
#include "test/check.h"

using rankwise::test::check;
using rankwise::test::DeviceArray;
using rankwise::test::in_process;

namespace {

std::vector<float> ramp(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i % 97) - 40;
  return values;
}

void right_kernels(uint64_t seed) {
  rankwise::emulator::Schedule::the().reseed(seed);
  const std::string which = ", order " + std::to_string(seed);

  constexpr int rows = 5, cols = 300;
  const std::vector<float> x = ramp(rows * cols);
  {
    DeviceArray<float> input(x), sums(rows);
    launch_row_sums(Fault::none, input, sums, rows, cols);
    const std::vector<float> got = sums.host();
    for (int r = 0; r < rows; ++r) {
      const float expected = std::accumulate(x.begin() + r * cols, x.begin() + (r + 1) * cols, 0.0f);
      check(got[static_cast<size_t>(r)] == expected, "row sums through barriers and shuffles" + which);
    }
  }
  {
    DeviceArray<float> input(x), output(x.size());
    launch_double(Fault::none, input, output, static_cast<int>(x.size()));
    const std::vector<float> got = output.host();
    check(got[0] == 2 * x[0] && got.back() == 2 * x.back(), "a guarded tail" + which);
  }
  {
    std::vector<int> ones(1000, 3);
    DeviceArray<int> input(ones), total(std::vector<int>{0});
    launch_total(Fault::none, input, total, 1000);
    check(total.host()[0] == 3000, "atomics across blocks" + which);
  }
  {
    DeviceArray<float> input(ramp(192)), output(192);
    launch_reverse(Fault::none, input, output, 192);
    const std::vector<float> got = output.host(), in = ramp(192);
    bool right = true;
    for (size_t i = 0; i < 192; ++i) right = right && got[i] == in[i / 32 * 32 + 31 - i % 32];
    check(right, "dynamic shared memory under __syncwarp" + which);
  }
}

void indices() {
  DeviceArray<float> y(8 * 6 * 6);
  launch_indices(y);
  const std::vector<float> got = y.host();
  bool right = true;
  for (size_t z = 0; z < 6; ++z) {
    for (size_t row = 0; row < 6; ++row) {
      for (size_t x = 0; x < 8; ++x) right = right && got[(z * 6 + row) * 8 + x] == static_cast<float>(100 * z + 10 * row + x);
    }
  }
  check(right, "indices of three dimensions");
}

void launches_that_a_card_refuses() {
  DeviceArray<float> x(4);
  launch_double(Fault::none, x, x, 0);  // no blocks
  check(cudaPeekAtLastError() == cudaErrorInvalidConfiguration, "a grid of nothing is refused");
  check(cudaGetLastError() == cudaErrorInvalidConfiguration && cudaGetLastError() == cudaSuccess, "the last error is answered once");
}

void memory() {
  size_t before = 0, total = 0, during = 0;
  cudaMemGetInfo(&before, &total);
  void* data = nullptr;
  check(cudaMalloc(&data, size_t{1} << 20) == cudaSuccess, "an allocation");
  cudaMemGetInfo(&during, &total);
  check(before - during == size_t{1} << 20, "what is allocated is no longer free");
  void* more = nullptr;
  check(cudaMalloc(&more, total) == cudaErrorMemoryAllocation && more == nullptr, "a card that is full says so");
  check(cudaGetLastError() == cudaErrorMemoryAllocation, "and the error is the last one");
  char bytes[8] = {};
  check(cudaMemcpy(bytes, static_cast<char*>(data) + (1 << 20) - 4, 8, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue, "a copy past the end is refused");
  check(cudaMemcpy(bytes, bytes, 8, cudaMemcpyHostToDevice) == cudaErrorInvalidValue, "host memory is no device memory");
  cudaGetLastError();
  cudaFree(data);
  cudaMemGetInfo(&during, &total);
  check(before == during, "what is freed is free");
  check(cudaFree(bytes) == cudaErrorInvalidValue, "only allocations are freed");
  cudaGetLastError();

  DeviceArray<uint32_t> fresh(16);
  check(fresh.host()[7] == 0xffffffffu, "fresh memory holds NaN bits");
  const std::vector<float> matrix = ramp(12);
  DeviceArray<float> padded(20), packed(12);
  cudaMemcpy2DAsync(padded, 20, matrix.data(), 12, 12, 4, cudaMemcpyHostToDevice, nullptr);
  cudaMemcpy2DAsync(packed, 12, padded, 20, 12, 4, cudaMemcpyDeviceToDevice, nullptr);
  check(packed.host() == matrix, "rows with pitches of their own");
}

// Pinned memory is read when the copy runs, pageable memory when it is asked for.
void copies_are_late() {
  float* pinned = nullptr;
  cudaMallocHost(reinterpret_cast<void**>(&pinned), 4);
  cudaStream_t stream;
  cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  DeviceArray<float> from_pinned(1), from_pageable(1);
  float pageable = 1;
  *pinned = 1;
  cudaMemcpyAsync(from_pinned, pinned, 4, cudaMemcpyHostToDevice, stream);
  cudaMemcpyAsync(from_pageable, &pageable, 4, cudaMemcpyHostToDevice, stream);
  *pinned = pageable = 2;
  check(cudaStreamQuery(stream) == cudaErrorNotReady, "queued work has not run");
  cudaStreamSynchronize(stream);
  check(cudaStreamQuery(stream) == cudaSuccess, "synchronized work has");
  check(from_pinned.host()[0] == 2 && from_pageable.host()[0] == 1, "copies read pinned memory late and pageable memory at once");
  cudaFreeHost(pinned);
  cudaStreamDestroy(stream);
}

// A doubling on the second stream of what the first one uploads.
float across_streams(bool with_wait) {
  cudaStream_t copies, work;
  cudaStreamCreateWithFlags(&copies, cudaStreamNonBlocking);
  cudaStreamCreateWithFlags(&work, cudaStreamNonBlocking);
  cudaEvent_t uploaded;
  cudaEventCreateWithFlags(&uploaded, cudaEventDisableTiming);
  DeviceArray<float> a(1), b(1);
  const float one = 21;
  float result = 0;
  cudaMemcpyAsync(a, &one, 4, cudaMemcpyHostToDevice, copies);
  cudaEventRecord(uploaded, copies);
  if (with_wait) cudaStreamWaitEvent(work, uploaded, 0);
  cudaMemcpyAsync(b, a, 4, cudaMemcpyDeviceToDevice, work);
  cudaMemcpyAsync(&result, b, 4, cudaMemcpyDeviceToHost, work);
  cudaStreamSynchronize(work);
  cudaEventDestroy(uploaded);
  cudaStreamDestroy(copies);
  cudaStreamDestroy(work);
  return result;
}

void streams() {
  int dropped = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    check(in_process(seed, [] { return across_streams(true) == 21 ? 0 : 1; }).status == 0, "an event orders two streams");
    if (in_process(seed, [] { return across_streams(false) == 21 ? 0 : 1; }).status != 0) ++dropped;
  }
  check(dropped >= 5, "a dropped wait is found in at least 5 of 20 orders, not " + std::to_string(dropped));
  const auto outcome = in_process(1, [] {
    cudaStream_t stream;
    cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
    cudaEvent_t event;
    cudaEventCreate(&event);
    event->recorded = 1;  // as if another stream were still to come to it
    cudaStreamWaitEvent(stream, event, 0);
    return static_cast<int>(cudaStreamSynchronize(stream));
  });
  check(outcome.message.find("wait for an event") != std::string::npos, "streams that wait for each other are named: " + outcome.message);
}

void cards_that_do_not_answer() {
  const auto with = [](const char* name, const char* value) {
    return in_process(1, [=] {
      setenv(name, value, 1);
      int count = 0;
      return static_cast<int>(cudaGetDeviceCount(&count));
    });
  };
  check(with("RANKWISE_EMULATED_DEVICES", "0").status == cudaErrorNoDevice, "a machine without a card");
  check(with("RANKWISE_EMULATED_DRIVER", "12040").status == cudaErrorInsufficientDriver, "a driver that is too old");
}

}  // namespace

int main() {
  for (uint64_t seed = 1; seed <= 20; ++seed) right_kernels(seed);
  indices();
  launches_that_a_card_refuses();
  memory();
  copies_are_late();
  streams();
  cards_that_do_not_answer();
  return rankwise::test::finish();
}
