// The CUDA runtime's calls about the device and its errors. Signatures come from NVIDIA's header.
#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstring>

#include "emulator/device_memory.h"
#include "emulator/launches.h"
#include "emulator/runtime_state.h"
#include "emulator/settings.h"
#include "emulator/shared_memory.h"
#include "emulator/streams.h"

namespace rankwise::emulator {
namespace {
constexpr int kMajor = 8, kMinor = 9;
constexpr int kMultiprocessors = 2;

int devices() { return static_cast<int>(setting("RANKWISE_EMULATED_DEVICES", 1)); }
int driver() { return static_cast<int>(setting("RANKWISE_EMULATED_DRIVER", CUDART_VERSION)); }

struct ErrorText {
  cudaError_t error;
  const char* name;
  const char* text;
};
constexpr ErrorText kTexts[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration", "invalid configuration argument"},
    {cudaErrorInvalidPitchValue, "cudaErrorInvalidPitchValue", "invalid pitch argument"},
    {cudaErrorInsufficientDriver, "cudaErrorInsufficientDriver", "CUDA driver version is insufficient for CUDA runtime version"},
    {cudaErrorNoDevice, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {cudaErrorNotReady, "cudaErrorNotReady", "device not ready"},
};

const ErrorText& text_of(cudaError_t error) {
  static constexpr ErrorText unknown{cudaErrorUnknown, "cudaErrorUnknown", "unknown error"};
  for (const ErrorText& text : kTexts) {
    if (text.error == error) return text;
  }
  return unknown;
}

}  // namespace

cudaError_t device_error() {
  if (driver() < CUDART_VERSION / 1000 * 1000) return Streams::the().set_error(cudaErrorInsufficientDriver);
  if (devices() == 0) return Streams::the().set_error(cudaErrorNoDevice);
  return cudaSuccess;
}

}  // namespace rankwise::emulator

using namespace rankwise::emulator;

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 0;
  if (const cudaError_t closed = device_error(); closed != cudaSuccess) return closed;
  *count = devices();
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  if (const cudaError_t closed = device_error(); closed != cudaSuccess) return closed;
  return device >= 0 && device < devices() ? cudaSuccess : Streams::the().set_error(cudaErrorInvalidDevice);
}

cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return device_error();
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (const cudaError_t closed = device_error(); closed != cudaSuccess) return closed;
  if (device < 0 || device >= devices()) return Streams::the().set_error(cudaErrorInvalidDevice);
  std::memset(properties, 0, sizeof *properties);
  std::snprintf(properties->name, sizeof properties->name, "Emulated CUDA device");
  properties->major = kMajor;
  properties->minor = kMinor;
  properties->totalGlobalMem = DeviceMemory::the().capacity();
  properties->multiProcessorCount = kMultiprocessors;
  properties->warpSize = 32;
  properties->maxThreadsPerBlock = 1024;
  properties->maxThreadsPerMultiProcessor = 1536;
  properties->sharedMemPerBlock = SharedMemory::kDefaultBytes;
  properties->sharedMemPerBlockOptin = SharedMemory::kOptInBytes;
  properties->sharedMemPerMultiprocessor = 100 << 10;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  if (const cudaError_t closed = device_error(); closed != cudaSuccess) return closed;
  switch (attribute) {
    case cudaDevAttrComputeCapabilityMajor: *value = kMajor; return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor: *value = kMinor; return cudaSuccess;
    case cudaDevAttrMultiProcessorCount: *value = kMultiprocessors; return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlock: *value = SharedMemory::kDefaultBytes; return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = SharedMemory::kOptInBytes; return cudaSuccess;
    case cudaDevAttrMaxThreadsPerBlock: *value = 1024; return cudaSuccess;
    case cudaDevAttrWarpSize: *value = 32; return cudaSuccess;
    default: return Streams::the().set_error(cudaErrorInvalidValue);
  }
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

// 0 where no driver is installed.
cudaError_t cudaDriverGetVersion(int* version) {
  *version = driver();
  return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  const std::lock_guard guard(Streams::the().lock());
  if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) return cudaSuccess;
  const bool fits = value >= 0 && static_cast<size_t>(value) <= SharedMemory::kOptInBytes;
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize || !fits) return Streams::the().set_error(cudaErrorInvalidValue);
  Launches::the().grant(kernel, static_cast<size_t>(value));
  return cudaSuccess;
}

cudaError_t cudaGetLastError() {
  const std::lock_guard guard(Streams::the().lock());
  return Streams::the().take_error();
}

cudaError_t cudaPeekAtLastError() { return Streams::the().error(); }

const char* cudaGetErrorString(cudaError_t error) { return text_of(error).text; }
const char* cudaGetErrorName(cudaError_t error) { return text_of(error).name; }
}
