#pragma once
#include <cstddef>

namespace rankwise::emulator {

// A stack of its own that can be left in the middle of a function and entered again: what a CUDA thread waits on at a barrier.
// Switching costs about ten nanoseconds. A guard page ends each stack. AddressSanitizer is told of every switch.
class Fiber {
 public:
  // `entry` never returns.
  explicit Fiber(void (*entry)());
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // From the scheduler's own stack: runs this fiber until it leaves.
  void enter();
  // From within: back to enter()'s caller. Must be preceded, once per fiber, by arrived() at the start of its entry function.
  void leave();
  void arrived();

  // Whether an address lies on this fiber's stack.
  bool holds(const void* address) const;

 private:
  void* stack_pointer_ = nullptr;
  void* scheduler_pointer_ = nullptr;
  char* mapping_ = nullptr;
  const void* scheduler_stack_ = nullptr;  // AddressSanitizer's record of the stack that entered
  size_t scheduler_stack_bytes_ = 0;
};

}  // namespace rankwise::emulator
