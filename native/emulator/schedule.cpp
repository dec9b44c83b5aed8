#include "emulator/schedule.h"

#include "emulator/settings.h"

namespace rankwise::emulator {

Schedule& Schedule::the() {
  static Schedule schedule;
  return schedule;
}

Schedule::Schedule() { reseed(setting("RANKWISE_EMULATED_SEED", 1)); }

void Schedule::reseed(uint64_t seed) { state_ = (seed + 1) * 0x9e3779b97f4a7c15ull; }

}  // namespace rankwise::emulator
