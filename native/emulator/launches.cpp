#include "emulator/launches.h"

#include "emulator/accesses.h"
#include "emulator/block_run.h"
#include "emulator/device.h"
#include "emulator/schedule.h"
#include "emulator/streams.h"

namespace rankwise::emulator {
namespace {

bool fits_a_card(const void* kernel, dim3 blocks, dim3 threads, size_t shared_bytes) {
  const auto between = [](uint64_t n, uint64_t most) { return n >= 1 && n <= most; };
  const uint64_t in_block = uint64_t{threads.x} * threads.y * threads.z;
  return between(blocks.x, 0x7fffffff) && between(blocks.y, 65535) && between(blocks.z, 65535) && between(threads.x, 1024) &&
         between(threads.y, 1024) && between(threads.z, 64) && in_block <= 1024 && shared_bytes <= Launches::the().granted(kernel);
}

void run_launch(const std::string& name, const KernelCall& call, dim3 blocks, dim3 threads, size_t shared_bytes) {
  LaunchCount& count = Launches::the().counts()[name];
  const uint64_t number = uint64_t{blocks.x} * blocks.y * blocks.z;
  ++count.launches;
  count.threads += number * threads.x * threads.y * threads.z;
  Accesses::the().launch_begins(call.arguments.get(), call.argument_bytes);
  // Blocks in random order; nothing may depend on it.
  std::vector<uint32_t> order;
  Schedule::the().shuffle(order, static_cast<uint32_t>(number));
  for (const uint32_t b : order) {
    BlockRun::the().run(name.c_str(), call, {b % blocks.x, b / blocks.x % blocks.y, b / (blocks.x * blocks.y)}, blocks, threads, shared_bytes);
  }
  Accesses::the().launch_ended(count);
}

}  // namespace

Launches& Launches::the() {
  static Launches launches;
  return launches;
}

void Launches::count(const char* name, uint64_t bytes_read, uint64_t bytes_written) {
  LaunchCount& count = counts_[name];
  ++count.launches;
  count.bytes_read += bytes_read;
  count.bytes_written += bytes_written;
}

size_t Launches::granted(const void* kernel) const {
  const auto found = granted_.find(kernel);
  return found == granted_.end() ? SharedMemory::kDefaultBytes : found->second;
}

void enqueue_launch(const char* name, const void* kernel, dim3 blocks, dim3 threads, size_t shared_bytes, cudaStream_t stream, KernelCall call) {
  Streams& streams = Streams::the();
  const std::lock_guard guard(streams.lock());
  if (!fits_a_card(kernel, blocks, threads, shared_bytes)) {
    streams.set_error(cudaErrorInvalidConfiguration);
    return;
  }
  streams.enqueue(stream, name, [=, text = std::string(name)] { run_launch(text, call, blocks, threads, shared_bytes); });
}

}  // namespace rankwise::emulator

// For programs that open the emulated library by its path: what ran since the start, after all streams have been finished.
extern "C" void rankwise_emulator_totals(uint64_t* launches, uint64_t* bytes_read, uint64_t* bytes_written) {
  using namespace rankwise::emulator;
  const std::lock_guard guard(Streams::the().lock());
  Streams::the().finish_all();
  *launches = *bytes_read = *bytes_written = 0;
  for (const auto& [name, count] : Launches::the().counts()) {
    *launches += count.launches;
    *bytes_read += count.bytes_read;
    *bytes_written += count.bytes_written;
  }
}
