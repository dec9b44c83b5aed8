// The CUDA runtime's calls about streams and events. Signatures come from NVIDIA's header.
#include <cuda_runtime_api.h>

#include "emulator/runtime_state.h"
#include "emulator/streams.h"

using namespace rankwise::emulator;

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  if (const cudaError_t closed = device_error(); closed != cudaSuccess) return closed;
  const std::lock_guard guard(Streams::the().lock());
  *stream = Streams::the().create((flags & cudaStreamNonBlocking) == 0);
  return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, cudaStreamDefault); }

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard guard(Streams::the().lock());
  Streams::the().destroy(stream);
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const std::lock_guard guard(Streams::the().lock());
  Streams::the().finish(stream);
  return cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  const std::lock_guard guard(Streams::the().lock());
  return Streams::the().idle(stream) ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaDeviceSynchronize() {
  const std::lock_guard guard(Streams::the().lock());
  Streams::the().finish_all();
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  const std::lock_guard guard(Streams::the().lock());
  Streams::the().wait(stream, event);
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  if (const cudaError_t closed = device_error(); closed != cudaSuccess) return closed;
  *event = new CUevent_st;
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const std::lock_guard guard(Streams::the().lock());
  Streams::the().finish_all();
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const std::lock_guard guard(Streams::the().lock());
  Streams::the().record(event, stream);
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const std::lock_guard guard(Streams::the().lock());
  Streams::the().finish_event(event);
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  const std::lock_guard guard(Streams::the().lock());
  return event->reached >= event->recorded ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to) {
  const std::lock_guard guard(Streams::the().lock());
  if (from->recorded == 0 || to->recorded == 0) return Streams::the().set_error(cudaErrorInvalidValue);
  if (from->reached < from->recorded || to->reached < to->recorded) return Streams::the().set_error(cudaErrorNotReady);
  *milliseconds = static_cast<float>((to->seconds - from->seconds) * 1e3);
  return cudaSuccess;
}
}
