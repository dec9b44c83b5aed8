// The functions that g++ calls before each access of code compiled with -fsanitize=thread, answered by the access checker instead of
// ThreadSanitizer. Declared by no header: the names and meanings are the compiler's.
#include <cstddef>
#include <cstdint>

#include "emulator/accesses.h"
#include "emulator/device.h"

using rankwise::emulator::Accesses;
using Kind = Accesses::Kind;

namespace {
inline void judge(const void* address, size_t bytes, Kind kind, const void* code) {
  if (rankwise::emulator::thread_now) Accesses::the().access(address, bytes, kind, code);
}
}  // namespace

extern "C" {

void __tsan_init() { Accesses::the().enable(); }
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_read_range(void* address, size_t bytes) { judge(address, bytes, Kind::read, __builtin_return_address(0)); }
void __tsan_write_range(void* address, size_t bytes) { judge(address, bytes, Kind::write, __builtin_return_address(0)); }

#define RANKWISE_ACCESS(bytes)                                                                                            \
  void __tsan_read##bytes(void* a) { judge(a, bytes, Kind::read, __builtin_return_address(0)); }                          \
  void __tsan_write##bytes(void* a) { judge(a, bytes, Kind::write, __builtin_return_address(0)); }                        \
  void __tsan_volatile_read##bytes(void* a) { judge(a, bytes, Kind::read, __builtin_return_address(0)); }                 \
  void __tsan_volatile_write##bytes(void* a) { judge(a, bytes, Kind::write, __builtin_return_address(0)); }               \
  void __tsan_unaligned_read##bytes(void* a) { judge(a, bytes, Kind::read, __builtin_return_address(0)); }                \
  void __tsan_unaligned_write##bytes(void* a) { judge(a, bytes, Kind::write, __builtin_return_address(0)); }              \
  void __tsan_unaligned_volatile_read##bytes(void* a) { judge(a, bytes, Kind::read, __builtin_return_address(0)); }       \
  void __tsan_unaligned_volatile_write##bytes(void* a) { judge(a, bytes, Kind::write, __builtin_return_address(0)); }
RANKWISE_ACCESS(1)
RANKWISE_ACCESS(2)
RANKWISE_ACCESS(4)
RANKWISE_ACCESS(8)
RANKWISE_ACCESS(16)
#undef RANKWISE_ACCESS

// Atomics of the host code around the kernels (reference counts, guards of local statics).
#define RANKWISE_ATOMIC(bits)                                                                                                          \
  uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t* a, int) { return __atomic_load_n(a, __ATOMIC_SEQ_CST); }    \
  void __tsan_atomic##bits##_store(volatile uint##bits##_t* a, uint##bits##_t v, int) { __atomic_store_n(a, v, __ATOMIC_SEQ_CST); }    \
  uint##bits##_t __tsan_atomic##bits##_exchange(volatile uint##bits##_t* a, uint##bits##_t v, int) {                                   \
    return __atomic_exchange_n(a, v, __ATOMIC_SEQ_CST);                                                                                \
  }                                                                                                                                    \
  uint##bits##_t __tsan_atomic##bits##_fetch_add(volatile uint##bits##_t* a, uint##bits##_t v, int) {                                  \
    return __atomic_fetch_add(a, v, __ATOMIC_SEQ_CST);                                                                                 \
  }                                                                                                                                    \
  uint##bits##_t __tsan_atomic##bits##_fetch_sub(volatile uint##bits##_t* a, uint##bits##_t v, int) {                                  \
    return __atomic_fetch_sub(a, v, __ATOMIC_SEQ_CST);                                                                                 \
  }                                                                                                                                    \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile uint##bits##_t* a, uint##bits##_t* expected, uint##bits##_t v, int, int) { \
    return __atomic_compare_exchange_n(a, expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                                     \
  }                                                                                                                                    \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile uint##bits##_t* a, uint##bits##_t* expected, uint##bits##_t v, int, int) {   \
    return __atomic_compare_exchange_n(a, expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                                     \
  }
RANKWISE_ATOMIC(8)
RANKWISE_ATOMIC(16)
RANKWISE_ATOMIC(32)
RANKWISE_ATOMIC(64)
#undef RANKWISE_ATOMIC
void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __tsan_atomic_signal_fence(int) {}
}
