#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "emulator/device.h"
#include "emulator/fiber.h"
#include "emulator/shared_memory.h"

namespace rankwise::emulator {

// Runs the threads of one block after another as fibers, in an order drawn from the Schedule, and keeps CUDA's promises about
// barriers and warps and no other: a thread is left only at a barrier or a warp operation. Half of the blocks draw every step from
// all threads, which shows what a straggler does; the other half let one warp run as far ahead of the next as it can, which shows a
// barrier that is missing before memory is used again. Faults: a barrier that not all threads
// reach or reach at different places, a warp operation with lanes missing, that disagrees, or that reads a lane outside its mask.
class BlockRun {
 public:
  static BlockRun& the();

  void run(const char* kernel, const KernelCall& call, uint3 block, dim3 blocks, dim3 threads, size_t shared_bytes);

  void barrier(const char* file, int line);
  void warp_barrier(unsigned mask, const char* file, int line);
  uint64_t shuffle(unsigned mask, uint64_t value, int source_lane, const char* file, int line);
  unsigned ballot(unsigned mask, bool predicate, const char* file, int line);

  bool running() const { return current_ != nullptr; }
  SharedMemory& shared() { return shared_; }
  bool on_own_stack(const void* address) const { return current_ && current_->fiber.holds(address); }
  std::string place() const;

  // What orders accesses within a block: the number of block-wide barriers so far, and of __syncwarp of a thread's warp.
  uint32_t epoch() const { return epoch_; }
  uint32_t warp_epoch(int warp) const { return warps_[static_cast<size_t>(warp)].epoch; }

 private:
  enum class State : uint8_t { idle, ready, running, at_barrier, at_warp };
  struct Worker {
    explicit Worker(void (*entry)()) : fiber(entry) {}
    Fiber fiber;
    Thread thread{};
    State state = State::idle;
    const char* file = nullptr;
    int line = 0;
  };
  struct Warp {
    uint64_t values[2][32];
    unsigned predicates[2];
    unsigned arrived = 0;
    unsigned mask = 0;
    unsigned phase = 0;
    uint32_t epoch = 0;
    const char* file = nullptr;
    int line = 0;
    Worker* lanes[32];
  };

  BlockRun() = default;
  static void worker_entry();
  void work();
  void start_thread(Worker& worker);
  void thread_ended();
  void wait(State state, const char* file, int line);
  void make_ready(Worker* worker);
  void release_barrier();
  unsigned valid_lanes(int warp) const;
  unsigned meet(unsigned mask, uint64_t value, bool predicate, const char* file, int line, bool orders_memory);
  void draw_order();
  Worker* next_worker();
  Worker* take_ready(uint32_t rank);
  [[noreturn]] void report_deadlock() const;

  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Worker*> idle_, at_barrier_;
  std::vector<uint32_t> order_;            // of the threads to start
  std::vector<uint32_t> warp_order_;       // rank → warp
  std::vector<uint32_t> warp_rank_;        // warp → rank
  std::vector<Worker*> ready_[32];         // by the rank of their warp
  uint32_t ready_count_ = 0;
  bool warps_ahead_ = false;
  std::vector<Warp> warps_;
  SharedMemory shared_;
  Worker* current_ = nullptr;
  const char* kernel_ = nullptr;
  const KernelCall* call_ = nullptr;
  uint32_t threads_ = 0, started_ = 0, alive_ = 0;
  uint32_t epoch_ = 0;
  const char* barrier_file_ = nullptr;
  int barrier_line_ = 0;
};

// "kernel k, block (x, y, z), thread (x, y, z)", or nothing when no kernel runs.
std::string running_place();

}  // namespace rankwise::emulator
