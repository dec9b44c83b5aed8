#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

// The tags behind NVIDIA's opaque handles.
struct CUevent_st {
  uint64_t recorded = 0;  // how often it was recorded, and how many of these the device has come past
  uint64_t reached = 0;
  double seconds = 0;     // the clock of this machine when it was last reached
};
struct CUstream_st {
  struct Operation {
    std::string name;
    std::function<void()> work;
    CUevent_st* wait = nullptr;
    uint64_t wait_for = 0;
  };
  std::deque<Operation> queue;
  bool with_default = true;  // ordered with the legacy default stream
};

namespace rankwise::emulator {

// Work waits in its stream's queue until the host must know of it (a synchronization, a synchronous copy, a free). Then the
// streams advance in an order drawn from the Schedule, and only as far as is needed: a wait that the program forgot is found because
// the other stream has most likely not run yet.
class Streams {
 public:
  static Streams& the();
  // Held by every call of the runtime.
  std::recursive_mutex& lock() { return lock_; }

  cudaStream_t create(bool with_default);
  // Runs what is queued, then forgets the stream.
  void destroy(cudaStream_t stream);

  // `work` runs with the device's memory open.
  void enqueue(cudaStream_t stream, std::string name, std::function<void()> work);
  void wait(cudaStream_t stream, cudaEvent_t event);
  void record(cudaEvent_t event, cudaStream_t stream);

  void finish(cudaStream_t stream);
  void finish_all();
  void finish_event(cudaEvent_t event);
  bool idle(cudaStream_t stream) { return at(stream).queue.empty(); }

  // The error that the next cudaGetLastError() answers.
  cudaError_t set_error(cudaError_t error) {
    if (error != cudaSuccess) error_ = error;
    return error;
  }
  cudaError_t take_error();
  cudaError_t error() const { return error_; }

 private:
  Streams();
  CUstream_st& at(cudaStream_t stream);
  void order_with_default(CUstream_st& stream);
  void run_until(const std::function<bool()>& done);

  std::recursive_mutex lock_;
  CUstream_st default_;
  std::vector<CUstream_st*> streams_;
  cudaError_t error_ = cudaSuccess;
};

}  // namespace rankwise::emulator
