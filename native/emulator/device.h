#pragma once
// What a kernel sees: the built-in variables and functions of CUDA C++ that our kernels use, executed on the CPU. Types and the
// host interface come from NVIDIA's own headers, so that signatures cannot drift. Included through cuda/launch.h only.
#include <cuda_bf16.h>
#include <cuda_runtime_api.h>
#include <vector_functions.h>

#include <math.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>

#undef __shared__
#undef __global__
#undef __device__
#undef __host__
#undef __constant__
#undef __launch_bounds__
#undef __forceinline__
#define __global__
#define __device__
#define __host__
#define __constant__ const
#define __launch_bounds__(...)
#define __forceinline__ inline

namespace rankwise::emulator {

struct Thread {
  uint3 index;  // threadIdx
  int linear;   // x fastest: linear / 32 is the warp, linear % 32 the lane
};
struct Block {
  uint3 index;  // blockIdx
  dim3 threads;
  dim3 blocks;
};
// The thread and the block that run now. Kernels run one block after another on one thread of the CPU, under the runtime's lock.
extern Thread* thread_now;
extern Block block_now;

void barrier(const char* file, int line);
void warp_barrier(unsigned mask, const char* file, int line);
uint64_t shuffle(unsigned mask, uint64_t value, int source_lane, const char* file, int line);
unsigned ballot(unsigned mask, bool predicate, const char* file, int line);
// One array per block and call site; `key` names the site. Filled with NaN bits, between red zones.
void* shared_array(const void* key, size_t bytes, size_t alignment);
void* dynamic_shared();

// What a thread runs: the kernel with the launch's copies of its arguments.
struct KernelCall {
  void (*run)(const void* arguments);
  std::shared_ptr<const void> arguments;
  size_t argument_bytes;
};
// Queues a launch on the stream; a configuration that a card refuses sets the runtime's last error.
void enqueue_launch(const char* name, const void* kernel, dim3 blocks, dim3 threads, size_t shared_bytes, cudaStream_t stream, KernelCall call);

template <class... Parameters, class... Arguments>
void launch(const char* name, void (*kernel)(Parameters...), dim3 blocks, dim3 threads, size_t shared_bytes, cudaStream_t stream,
            Arguments... arguments) {
  const auto call = [=] { kernel(static_cast<Parameters>(arguments)...); };
  using Call = decltype(call);
  enqueue_launch(name, reinterpret_cast<const void*>(kernel), blocks, threads, shared_bytes, stream,
                 {[](const void* copy) { (*static_cast<Call*>(copy))(); }, std::make_shared<Call>(call), sizeof call});
}

template <class T>
uint64_t to_bits(T value) {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>);
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}
template <class T>
T from_bits(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace rankwise::emulator

extern "C" void rankwise_emulator_tensor(void* data, size_t bytes, int begins, cudaStream_t stream);

#define threadIdx (::rankwise::emulator::thread_now->index)
#define blockIdx (::rankwise::emulator::block_now.index)
#define blockDim (::rankwise::emulator::block_now.threads)
#define gridDim (::rankwise::emulator::block_now.blocks)
#define warpSize 32

inline void __syncthreads(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  ::rankwise::emulator::barrier(file, line);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  ::rankwise::emulator::warp_barrier(mask, file, line);
}
// Shuffles over whole warps: a narrower `width` is not emulated.
template <class T>
T __shfl_sync(unsigned mask, T value, int lane, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  using namespace ::rankwise::emulator;
  return from_bits<T>(shuffle(mask, to_bits(value), lane & 31, file, line));
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  using namespace ::rankwise::emulator;
  return from_bits<T>(shuffle(mask, to_bits(value), (thread_now->linear & 31) ^ lane_mask, file, line));
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  using namespace ::rankwise::emulator;
  const int lane = thread_now->linear & 31, source = lane + static_cast<int>(delta);
  return from_bits<T>(shuffle(mask, to_bits(value), source > 31 ? lane : source, file, line));
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  using namespace ::rankwise::emulator;
  const int lane = thread_now->linear & 31, source = lane - static_cast<int>(delta);
  return from_bits<T>(shuffle(mask, to_bits(value), source < 0 ? lane : source, file, line));
}
inline unsigned __ballot_sync(unsigned mask, bool predicate, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return ::rankwise::emulator::ballot(mask, predicate, file, line);
}
inline bool __any_sync(unsigned mask, bool predicate, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return ::rankwise::emulator::ballot(mask, predicate, file, line) != 0;
}
inline bool __all_sync(unsigned mask, bool predicate, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return ::rankwise::emulator::ballot(mask, predicate, file, line) == mask;
}

// Atomics of global and shared memory. Out of line: the access checker must see them as atomic, not as a read and a write.
int atomicAdd(int* address, int value);
unsigned atomicAdd(unsigned* address, unsigned value);
unsigned long long atomicAdd(unsigned long long* address, unsigned long long value);
float atomicAdd(float* address, float value);
int atomicMax(int* address, int value);
unsigned atomicMax(unsigned* address, unsigned value);
int atomicMin(int* address, int value);
unsigned atomicMin(unsigned* address, unsigned value);
int atomicExch(int* address, int value);
unsigned atomicCAS(unsigned* address, unsigned compare, unsigned value);
unsigned long long atomicCAS(unsigned long long* address, unsigned long long compare, unsigned long long value);

template <class T>
T __ldg(const T* address) {
  return *address;
}
inline float __uint_as_float(unsigned bits) { return ::rankwise::emulator::from_bits<float>(bits); }
inline float __int_as_float(int bits) { return ::rankwise::emulator::from_bits<float>(static_cast<unsigned>(bits)); }
inline unsigned __float_as_uint(float value) { return static_cast<unsigned>(::rankwise::emulator::to_bits(value)); }
inline int __float_as_int(float value) { return static_cast<int>(::rankwise::emulator::to_bits(value)); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>((static_cast<uint64_t>(a) * b) >> 32); }

// Rounded to nearest and never contracted, on every compiler.
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fmaf_rn(float a, float b, float c) { return std::fmaf(a, b, c); }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float x) { return std::sqrt(x); }
// The card's fast approximations, computed exactly here.
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fdividef(float a, float b) { return a / b; }
inline float __expf(float x) { return std::exp(x); }
inline float __logf(float x) { return std::log(x); }

template <class T>
inline std::enable_if_t<std::is_arithmetic_v<T>, T> min(T a, T b) {
  return b < a ? b : a;
}
template <class T>
inline std::enable_if_t<std::is_arithmetic_v<T>, T> max(T a, T b) {
  return a < b ? b : a;
}
