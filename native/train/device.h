#pragma once
#include <memory>
#include <string>

#include "core/arena.h"
#include "ops/ops.h"

namespace rankwise {

class CudaCard;

// Where a run or a model is to be computed.
struct DeviceChoice {
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;    // which card
  int threads = 0;  // of the processor; 0 = every core
};

// "auto" | "cpu" | "cuda": "auto" is the card where one can be used. Throws E_RUN for another name.
DeviceKind chosen_device(const std::string& backend, int index);

// What a run may take there: `asked`, but never more than the card has; all that the card has where 0 is asked. On the processor, and
// where the card is not in this machine (a plan for another one), `asked`.
uint64_t device_budget(const DeviceChoice& choice, uint64_t asked);

// Memory and operations of a device, with one accounted arena.
class Device {
 public:
  // `needed`: what a plan says, which a card reserves at once; 0 = not planned: `budget`, or all that is free on the card.
  // Throws E_CUDA where the card cannot be used, E_MEMORY where it has too little free.
  Device(const DeviceChoice& choice, uint64_t needed, uint64_t budget);
  ~Device();

  Arena& arena() { return *arena_; }
  const Arena& arena() const { return *arena_; }
  Backend& ops() { return *ops_; }
  // Memory in use beside the arena: of this process on the processor, of everybody on a card.
  uint64_t outside_bytes();

 private:
  std::unique_ptr<CudaCard> card_;
  std::unique_ptr<Arena> arena_;
  std::unique_ptr<Backend> ops_;
};

}  // namespace rankwise
