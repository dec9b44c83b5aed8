#include "emulator/fiber.h"

#include <sys/mman.h>

#include "emulator/faults.h"

// Present only in programs built with AddressSanitizer.
extern "C" {
__attribute__((weak)) void __sanitizer_start_switch_fiber(void** fake_stack, const void* bottom, size_t bytes);
__attribute__((weak)) void __sanitizer_finish_switch_fiber(void* fake_stack, const void** bottom, size_t* bytes);
}

// Saves the registers that the System V ABI of x86-64 asks a callee to keep, then continues on the other stack.
extern "C" void rankwise_switch_stack(void** save, void* to);
asm(R"(
.text
.globl rankwise_switch_stack
.hidden rankwise_switch_stack
.type rankwise_switch_stack,@function
rankwise_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size rankwise_switch_stack,.-rankwise_switch_stack
)");

namespace rankwise::emulator {
namespace {
constexpr size_t kStackBytes = 128 << 10;
constexpr size_t kGuardBytes = 4096;
}  // namespace

Fiber::Fiber(void (*entry)()) {
  void* mapping = mmap(nullptr, kStackBytes + kGuardBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (mapping == MAP_FAILED) fault("no memory for the stack of a thread");
  mapping_ = static_cast<char*>(mapping);
  mprotect(mapping_, kGuardBytes, PROT_NONE);
  // What rankwise_switch_stack pops: six registers, then the address to return to, with the stack aligned as after a call.
  void** top = reinterpret_cast<void**>(mapping_ + kGuardBytes + kStackBytes) - 2;
  *--top = nullptr;
  *--top = reinterpret_cast<void*>(entry);
  for (int i = 0; i < 6; ++i) *--top = nullptr;
  stack_pointer_ = top;
}

Fiber::~Fiber() { munmap(mapping_, kStackBytes + kGuardBytes); }

void Fiber::enter() {
  void* fake_stack = nullptr;
  if (__sanitizer_start_switch_fiber) __sanitizer_start_switch_fiber(&fake_stack, mapping_ + kGuardBytes, kStackBytes);
  rankwise_switch_stack(&scheduler_pointer_, stack_pointer_);
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
}

void Fiber::leave() {
  void* fake_stack = nullptr;
  if (__sanitizer_start_switch_fiber) __sanitizer_start_switch_fiber(&fake_stack, scheduler_stack_, scheduler_stack_bytes_);
  rankwise_switch_stack(&stack_pointer_, scheduler_pointer_);
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(fake_stack, &scheduler_stack_, &scheduler_stack_bytes_);
}

void Fiber::arrived() {
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(nullptr, &scheduler_stack_, &scheduler_stack_bytes_);
}

bool Fiber::holds(const void* address) const {
  const char* at = static_cast<const char*>(address);
  return at >= mapping_ && at < mapping_ + kGuardBytes + kStackBytes;
}

}  // namespace rankwise::emulator
