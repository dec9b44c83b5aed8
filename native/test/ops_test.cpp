// Every operation × shape × type × instruction set against plain references in double (ops/selftest.h), on one thread and on two.
#include "cpu/backend.h"
#include "ops/selftest.h"
#include "test/check.h"

using namespace rankwise;

namespace {

void run(Isa isa, int threads) {
  Arena arena(Arena::Kind::real, 0);
  CpuBackend ops(arena, threads, isa);
  const uint64_t before = arena.usage().live_bytes;
  const SelftestReport report = run_op_table(ops, arena, SelftestSize::thorough);
  test::tally().passed += report.passed;
  for (const std::string& failure : report.failures) {
    test::check(false, std::string(name_of(isa)) + ", " + std::to_string(threads) + " threads: " + failure);
  }
  test::check(arena.usage().live_bytes == before, "the op table gives back all memory");
}

}  // namespace

int main() {
  for (const Isa isa : {Isa::avx2, Isa::avx512, Isa::avx512bf16}) {
    if (isa <= processor_isa()) run(isa, 1);
  }
  run(processor_isa(), 2);
  return test::finish();
}
