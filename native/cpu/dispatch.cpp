#include "cpu/dispatch.h"

#include <cpuid.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/error.h"

namespace rankwise {
namespace {

constexpr Isa kIsas[] = {Isa::none, Isa::avx2, Isa::avx512, Isa::avx512bf16};

struct Registers {
  uint32_t a = 0, b = 0, c = 0, d = 0;
};

// All zero where the processor does not know the leaf.
Registers cpuid(uint32_t leaf, uint32_t part) {
  Registers r;
  __get_cpuid_count(leaf, part, &r.a, &r.b, &r.c, &r.d);
  return r;
}

bool has(uint32_t word, int bit) { return (word >> bit & 1u) != 0; }

// Which register files the operating system saves (XCR0). Only where CPUID says that XGETBV exists.
uint64_t saved_state() {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

Isa ask_processor() {
  const Registers basic = cpuid(1, 0);
  const bool fma = has(basic.c, 12), xgetbv = has(basic.c, 27), avx = has(basic.c, 28), f16c = has(basic.c, 29);
  if (!(fma && xgetbv && avx && f16c)) return Isa::none;
  const uint64_t saved = saved_state();
  constexpr uint64_t kYmm = 0x06, kZmm = 0xe6;  // xmm and ymm; these and mask registers and zmm
  const Registers extended = cpuid(7, 0), more = cpuid(7, 1);
  if ((saved & kYmm) != kYmm || !has(extended.b, 5)) return Isa::none;
  const bool f = has(extended.b, 16), dq = has(extended.b, 17), bw = has(extended.b, 30), vl = has(extended.b, 31);
  if ((saved & kZmm) != kZmm || !(f && dq && bw && vl)) return Isa::avx2;
  return has(more.a, 5) ? Isa::avx512bf16 : Isa::avx512;
}

Isa chosen() {
  const Isa best = processor_isa();
  const char* wish = std::getenv("RANKWISE_ISA");
  if (wish == nullptr || *wish == 0) return best;
  for (const Isa isa : kIsas) {
    if (isa == Isa::none || std::string(wish) != name_of(isa)) continue;
    if (isa > best) {
      fail("E_ISA", std::string("RANKWISE_ISA asks for ") + wish + ", but this processor has no more than " + name_of(best) + ".",
           "Unset RANKWISE_ISA, or name a lower instruction set.");
    }
    return isa;
  }
  fail("E_ISA", std::string("RANKWISE_ISA is \"") + wish + "\", which names no instruction set.", "Use avx2, avx512 or avx512bf16.");
}

}  // namespace

const char* name_of(Isa isa) {
  switch (isa) {
    case Isa::none: return "none";
    case Isa::avx2: return "avx2";
    case Isa::avx512: return "avx512";
    case Isa::avx512bf16: return "avx512bf16";
  }
  return "";
}

Isa processor_isa() {
  static const Isa isa = ask_processor();
  return isa;
}

Isa detect_isa() {
  static const Isa isa = chosen();
  return isa;
}

}  // namespace rankwise
