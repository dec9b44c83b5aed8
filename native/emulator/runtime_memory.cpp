// The CUDA runtime's memory calls over the emulated device. Signatures come from NVIDIA's header.
#include <cuda_runtime_api.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "emulator/device_memory.h"
#include "emulator/faults.h"
#include "emulator/launches.h"
#include "emulator/runtime_state.h"
#include "emulator/streams.h"

namespace rankwise::emulator {
namespace {

std::map<char*, size_t>& pinned() {
  static std::map<char*, size_t> blocks;
  return blocks;
}

bool is_pinned(const void* address, size_t bytes) {
  const char* at = static_cast<const char*>(address);
  const auto next = pinned().upper_bound(const_cast<char*>(at));
  if (next == pinned().begin()) return false;
  const auto& [start, size] = *std::prev(next);
  return at + bytes <= start + size;
}

// Rows of `width` bytes at distances of their own.
struct Rows {
  void* to;
  size_t to_pitch;
  const void* from;
  size_t from_pitch;
  size_t width;
  size_t height;
  cudaMemcpyKind kind;

  size_t span(size_t pitch) const { return height == 0 || width == 0 ? 0 : (height - 1) * pitch + width; }
  bool to_device() const { return kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice; }
  bool from_device() const { return kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice; }
};

void copy_now(const Rows& c) {
  const DeviceMemory& memory = DeviceMemory::the();
  Launches::the().count("copy", c.from_device() ? c.width * c.height : 0, c.to_device() ? c.width * c.height : 0);
  for (size_t row = 0; row < c.height; ++row) {
    char* to = static_cast<char*>(c.to) + row * c.to_pitch;
    const char* from = static_cast<const char*>(c.from) + row * c.from_pitch;
    if (c.to_device()) memory.check(to, c.width, "a copy writes");
    if (c.from_device()) memory.check(from, c.width, "a copy reads");
    std::memmove(to, from, c.width);
  }
}

cudaError_t copy(Rows c, cudaStream_t stream, bool asynchronous) {
  Streams& streams = Streams::the();
  const std::lock_guard guard(streams.lock());
  const DeviceMemory& memory = DeviceMemory::the();
  if (c.kind == cudaMemcpyDefault) {
    const bool to = memory.holds(c.to), from = memory.holds(c.from);
    c.kind = to ? (from ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice) : (from ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost);
  }
  if (c.width == 0 || c.height == 0) return cudaSuccess;
  if (c.to_pitch < c.width || c.from_pitch < c.width) return streams.set_error(cudaErrorInvalidPitchValue);
  const bool to_right = c.to_device() ? memory.allocated(c.to, c.span(c.to_pitch)) : !memory.holds(c.to);
  const bool from_right = c.from_device() ? memory.allocated(c.from, c.span(c.from_pitch)) : !memory.holds(c.from);
  if (!to_right || !from_right) return streams.set_error(cudaErrorInvalidValue);
  if (c.to_device() && !c.from_device() && !is_pinned(c.from, c.span(c.from_pitch))) {
    // Pageable memory is read before the call returns.
    auto staged = std::make_shared<std::vector<char>>(static_cast<const char*>(c.from), static_cast<const char*>(c.from) + c.span(c.from_pitch));
    streams.enqueue(stream, "copy to the device", [c, staged]() mutable {
      c.from = staged->data();
      copy_now(c);
    });
  } else {
    streams.enqueue(stream, "copy", [c] { copy_now(c); });
  }
  const bool to_pageable = c.from_device() && !c.to_device() && !is_pinned(c.to, c.span(c.to_pitch));
  if (!asynchronous || to_pageable) streams.finish(stream);
  return cudaSuccess;
}

cudaError_t set(void* data, size_t pitch, int value, size_t width, size_t height, cudaStream_t stream) {
  Streams& streams = Streams::the();
  const std::lock_guard guard(streams.lock());
  if (width == 0 || height == 0) return cudaSuccess;
  if (pitch < width || !DeviceMemory::the().allocated(data, (height - 1) * pitch + width)) return streams.set_error(cudaErrorInvalidValue);
  streams.enqueue(stream, "set", [=] {
    Launches::the().count("set", 0, width * height);
    for (size_t row = 0; row < height; ++row) {
      char* at = static_cast<char*>(data) + row * pitch;
      DeviceMemory::the().check(at, width, "a fill writes");
      std::memset(at, value, width);
    }
  });
  return cudaSuccess;
}

}  // namespace
}  // namespace rankwise::emulator

using namespace rankwise::emulator;

extern "C" {

cudaError_t cudaMalloc(void** data, size_t bytes) {
  if (const cudaError_t closed = device_error(); closed != cudaSuccess) return closed;
  Streams& streams = Streams::the();
  const std::lock_guard guard(streams.lock());
  if (bytes == 0) {
    *data = nullptr;
    return cudaSuccess;
  }
  *data = DeviceMemory::the().allocate(bytes);
  return *data ? cudaSuccess : streams.set_error(cudaErrorMemoryAllocation);
}

cudaError_t cudaFree(void* data) {
  if (!data) return cudaSuccess;
  Streams& streams = Streams::the();
  const std::lock_guard guard(streams.lock());
  streams.finish_all();
  return DeviceMemory::the().release(data) ? cudaSuccess : streams.set_error(cudaErrorInvalidValue);
}

cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total_bytes) {
  if (const cudaError_t closed = device_error(); closed != cudaSuccess) return closed;
  const DeviceMemory& memory = DeviceMemory::the();
  *total_bytes = memory.capacity();
  *free_bytes = memory.capacity() - memory.used();
  return cudaSuccess;
}

cudaError_t cudaHostAlloc(void** data, size_t bytes, unsigned) {
  if (const cudaError_t closed = device_error(); closed != cudaSuccess) return closed;
  const std::lock_guard guard(Streams::the().lock());
  *data = std::malloc(bytes);
  if (!*data) return Streams::the().set_error(cudaErrorMemoryAllocation);
  pinned()[static_cast<char*>(*data)] = bytes;
  return cudaSuccess;
}

cudaError_t cudaMallocHost(void** data, size_t bytes) { return cudaHostAlloc(data, bytes, 0); }

cudaError_t cudaFreeHost(void* data) {
  if (!data) return cudaSuccess;
  Streams& streams = Streams::the();
  const std::lock_guard guard(streams.lock());
  streams.finish_all();
  if (pinned().erase(static_cast<char*>(data)) == 0) return streams.set_error(cudaErrorInvalidValue);
  std::free(data);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return copy({to, bytes, from, bytes, bytes, 1, kind}, stream, true);
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) { return copy({to, bytes, from, bytes, bytes, 1, kind}, nullptr, false); }

cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height, cudaMemcpyKind kind,
                              cudaStream_t stream) {
  return copy({to, to_pitch, from, from_pitch, width, height, kind}, stream, true);
}

cudaError_t cudaMemsetAsync(void* data, int value, size_t bytes, cudaStream_t stream) { return set(data, bytes, value, bytes, 1, stream); }

cudaError_t cudaMemset2DAsync(void* data, size_t pitch, int value, size_t width, size_t height, cudaStream_t stream) {
  return set(data, pitch, value, width, height, stream);
}

// Called through RANKWISE_TENSOR_BEGIN and RANKWISE_TENSOR_END (cuda/launch.h), in the order of the stream.
void rankwise_emulator_tensor(void* data, size_t bytes, int begins, cudaStream_t stream) {
  const std::lock_guard guard(Streams::the().lock());
  Streams::the().enqueue(stream, begins ? "a tensor begins" : "a tensor ends", [=] {
    if (begins) {
      DeviceMemory::the().tensor_begins(data, bytes);
    } else {
      DeviceMemory::the().tensor_ends(data, bytes);
    }
  });
}
}
