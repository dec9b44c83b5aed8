// The table again with every access of every kernel judged (emulator/accesses.h): no race, nothing outside a live tensor.
#include "cuda/test/emulated_card.h"
#include "ops/selftest.h"
#include "test/check.h"

using namespace rankwise;

int main() {
  setenv("RANKWISE_CUDA_LIBRARY", RANKWISE_EMULATED_FOLDER "/librankwise_cuda_checked.so", 1);
  test::use_emulated_card();
  test::EmulatedCard device;
  const SelftestReport report = run_op_table(device.ops, device.arena, SelftestSize::quick);
  test::tally().passed += report.passed;
  for (const std::string& failure : report.failures) test::check(false, failure);
  return test::finish();
}
