#pragma once
#include <cuda_runtime_api.h>

#include <functional>
#include <string>
#include <vector>

namespace rankwise::test {

// An allocation of the emulated card, uploaded from and downloaded to the host.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(size_t count) : count_(count) { cudaMalloc(reinterpret_cast<void**>(&data_), count * sizeof(T)); }
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) {
    cudaMemcpy(data_, values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice);
  }
  ~DeviceArray() { cudaFree(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  operator T*() const { return data_; }
  std::vector<T> host() const {
    std::vector<T> values(count_);
    cudaMemcpy(values.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost);
    return values;
  }

 private:
  T* data_ = nullptr;
  size_t count_;
};

struct Outcome {
  int status;           // of the process; −1 when a signal ended it
  std::string message;  // what it wrote to standard error
};
// Runs `work` in a process of its own, with another order of threads, blocks and streams for each seed. Its result is the status.
Outcome in_process(uint64_t seed, const std::function<int()>& work);

}  // namespace rankwise::test
