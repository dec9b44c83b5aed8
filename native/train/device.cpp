#include "train/device.h"

#include <algorithm>

#include "core/error.h"
#include "core/process_memory.h"
#include "cpu/backend.h"
#include "cuda/host/backend.h"

namespace rankwise {

namespace {

// Left to the driver and to other programs where an arena takes "all" that is free.
constexpr uint64_t kLeftFree = uint64_t{512} << 20;

}  // namespace

DeviceKind chosen_device(const std::string& backend, int index) {
  if (backend == "cpu") return DeviceKind::cpu;
  if (backend == "cuda") return DeviceKind::cuda;
  if (backend != "auto") fail("E_RUN", "The device \"" + backend + "\" is not known.", "Use auto, cpu or cuda.");
  return CudaLibrary::instance().probe(index).available ? DeviceKind::cuda : DeviceKind::cpu;
}

uint64_t device_budget(const DeviceChoice& choice, uint64_t asked) {
  if (choice.kind != DeviceKind::cuda) return asked;
  const CudaStatus status = CudaLibrary::instance().probe(choice.index);
  if (!status.available || status.card.memory_bytes <= kLeftFree) return asked;
  const uint64_t most = status.card.memory_bytes - kLeftFree;
  return asked ? std::min(asked, most) : most;
}

Device::Device(const DeviceChoice& choice, uint64_t needed, uint64_t budget) {
  if (choice.kind == DeviceKind::cpu) {
    arena_ = std::make_unique<Arena>(Arena::Kind::real, budget);
    ops_ = std::make_unique<CpuBackend>(*arena_, choice.threads);
    return;
  }
  card_ = std::make_unique<CudaCard>(choice.index);
  uint64_t bytes = needed ? needed : budget;
  if (bytes == 0) {
    const uint64_t free = card_->free_bytes();
    bytes = free > 2 * kLeftFree ? free - kLeftFree : free / 2;
  }
  arena_ = std::make_unique<Arena>(*card_, bytes);
  ops_ = std::make_unique<CudaBackend>(*card_, *arena_);
}

Device::~Device() = default;

uint64_t Device::outside_bytes() {
  if (card_) return card_->outside_bytes();
  const uint64_t resident = peak_resident_bytes(), inside = arena_->usage().peak_bytes;
  return resident > inside ? resident - inside : 0;
}

}  // namespace rankwise
