#pragma once
// One source of kernels for two compilers: nvcc, and g++ with native/emulator. A kernel is launched and gets its shared arrays
// through these macros only; everything else is plain CUDA C++.
//
//   RANKWISE_LAUNCH(kernel, grid, block, shared_bytes, stream, arguments…)
//     `kernel` is one function: name every template argument, in parentheses when they hold a comma: (scale<float, 4>).
//     A kernel of no arguments is not needed and not supported. Ask cudaGetLastError() afterwards.
//   RANKWISE_SHARED(type, name, count)          a static shared array, flat: index two dimensions by hand
//   RANKWISE_DYNAMIC_SHARED(type, name)         the launch's `shared_bytes`, 16-byte aligned; one per kernel
//
//   RANKWISE_TENSOR_BEGIN / _END(data, bytes, stream)
//     an arena inside one allocation hands out a block or takes it back: the emulator then refuses every touch between the blocks
//
// What the emulator does not run (tensor-core intrinsics, cp.async, TMA, cooperative groups, inline PTX) may stand only between
// #ifdef __CUDA_ARCH__ … #else with a plain twin.
#ifdef __CUDACC__

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>

#define RANKWISE_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  kernel<<<(grid), (block), (shared_bytes), (stream)>>>(__VA_ARGS__)
#define RANKWISE_SHARED(type, name, count) __shared__ type name[count]
#define RANKWISE_DYNAMIC_SHARED(type, name)                                  \
  extern __shared__ __align__(16) unsigned char rankwise_dynamic_shared_[]; \
  type* const name = reinterpret_cast<type*>(rankwise_dynamic_shared_)
#define RANKWISE_TENSOR_BEGIN(data, bytes, stream) static_cast<void>(0)
#define RANKWISE_TENSOR_END(data, bytes, stream) static_cast<void>(0)

#else

#include "emulator/device.h"

#define RANKWISE_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  ::rankwise::emulator::launch(#kernel, kernel, (grid), (block), (shared_bytes), (stream), __VA_ARGS__)
#define RANKWISE_SHARED(type, name, count) \
  static const char name##_key_ = 0;      \
  type* const name = static_cast<type*>(::rankwise::emulator::shared_array(&name##_key_, sizeof(type) * (count), alignof(type)))
#define RANKWISE_DYNAMIC_SHARED(type, name) type* const name = static_cast<type*>(::rankwise::emulator::dynamic_shared())
#define RANKWISE_TENSOR_BEGIN(data, bytes, stream) rankwise_emulator_tensor((data), (bytes), 1, (stream))
#define RANKWISE_TENSOR_END(data, bytes, stream) rankwise_emulator_tensor((data), (bytes), 0, (stream))

#endif
