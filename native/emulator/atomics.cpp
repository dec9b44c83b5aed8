// Kernels run on one thread of the CPU and are left at barriers only: a read, a change and a write are one step by themselves.
#include <algorithm>

#include "emulator/accesses.h"
#include "emulator/device.h"

namespace {
template <class T, class Change>
T update(T* address, const void* code, Change change) {
  using rankwise::emulator::Accesses;
  if (Accesses::the().enabled()) Accesses::the().access(address, sizeof(T), Accesses::Kind::atomic, code);
  const T before = *address;
  *address = change(before);
  return before;
}
}  // namespace

#define RANKWISE_CODE __builtin_return_address(0)
#define RANKWISE_ADD(T) \
  T atomicAdd(T* address, T value) { return update(address, RANKWISE_CODE, [value](T x) { return x + value; }); }
#define RANKWISE_EXTREMA(T)                                                                                                   \
  T atomicMax(T* address, T value) { return update(address, RANKWISE_CODE, [value](T x) { return std::max(x, value); }); }    \
  T atomicMin(T* address, T value) { return update(address, RANKWISE_CODE, [value](T x) { return std::min(x, value); }); }
#define RANKWISE_CAS(T)                                   \
  T atomicCAS(T* address, T compare, T value) {           \
    return update(address, RANKWISE_CODE, [=](T x) { return x == compare ? value : x; }); \
  }

RANKWISE_ADD(int)
RANKWISE_ADD(unsigned)
RANKWISE_ADD(unsigned long long)
RANKWISE_ADD(float)
RANKWISE_EXTREMA(int)
RANKWISE_EXTREMA(unsigned)
RANKWISE_CAS(unsigned)
RANKWISE_CAS(unsigned long long)
int atomicExch(int* address, int value) {
  return update(address, RANKWISE_CODE, [value](int) { return value; });
}
