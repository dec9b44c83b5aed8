// Copies between the card and page-locked memory on a stream of their own.
#include "cuda/plugin.h"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

cudaError_t take_event(rw_card* card, cudaEvent_t& event) {
  if (card->free_events.empty()) return cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
  event = card->free_events.back();
  card->free_events.pop_back();
  return cudaSuccess;
}

}  // namespace

int32_t reserve_host(rw_card* card, uint64_t bytes, void** host) {
  const cudaError_t error = cudaMallocHost(host, bytes);
  cudaGetLastError();
  return checked(card, error, "Taking page-locked memory of the host");
}

void release_host(rw_card* card, void* host) {
  cudaStreamSynchronize(card->copies);
  cudaFreeHost(host);
}

// One event serves twice: what waits for it has taken note of its first record when it is recorded again.
int32_t begin_copy(rw_card* card, void* device, void* host, uint64_t bytes, int32_t to_host, void** copy) {
  cudaEvent_t event;
  cudaError_t error = take_event(card, event);
  if (error == cudaSuccess) error = cudaEventRecord(event, card->stream);
  if (error == cudaSuccess) error = cudaStreamWaitEvent(card->copies, event, 0);
  if (error == cudaSuccess) {
    error = to_host ? cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, card->copies)
                    : cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, card->copies);
  }
  if (error == cudaSuccess) error = cudaEventRecord(event, card->copies);
  *copy = event;
  return checked(card, error, "A copy beside the operations");
}

int32_t finish_copy(rw_card* card, void* copy) {
  const cudaEvent_t event = static_cast<cudaEvent_t>(copy);
  const cudaError_t error = cudaStreamWaitEvent(card->stream, event, 0);
  card->free_events.push_back(event);
  return checked(card, error, "A copy beside the operations");
}

}  // namespace rankwise::cuda
