#pragma once
#include <cstdint>
#include <utility>
#include <vector>

namespace rankwise::emulator {

// Every choice of order (blocks of a launch, threads of a block, streams) is drawn from one generator, seeded by
// RANKWISE_EMULATED_SEED (1 when unset): the same seed, the same run.
class Schedule {
 public:
  static Schedule& the();
  void reseed(uint64_t seed);
  // A number in [0, bound).
  uint64_t below(uint64_t bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ % bound;
  }
  // 0 … count − 1 in random order.
  void shuffle(std::vector<uint32_t>& order, uint32_t count) {
    order.resize(count);
    for (uint32_t i = 0; i < count; ++i) {
      const auto j = static_cast<uint32_t>(below(i + 1));
      order[i] = order[j];
      order[j] = i;
    }
  }

 private:
  Schedule();
  uint64_t state_ = 1;
};

}  // namespace rankwise::emulator
