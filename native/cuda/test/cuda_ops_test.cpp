// Every operation of the table on the emulated card, with the tolerances of the processor's test.
#include "cuda/test/emulated_card.h"
#include "ops/selftest.h"
#include "test/check.h"

using namespace rankwise;

int main() {
  test::use_emulated_card();
  test::EmulatedCard device;
  const uint64_t before = device.arena.usage().live_bytes;
  const SelftestReport report = run_op_table(device.ops, device.arena, SelftestSize::thorough);
  test::tally().passed += report.passed;
  for (const std::string& failure : report.failures) test::check(false, failure);
  test::check(device.arena.usage().live_bytes == before, "the op table gives back all memory");
  return test::finish();
}
