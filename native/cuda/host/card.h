#pragma once
#include "core/arena.h"
#include "cuda/host/library.h"

namespace rankwise {

// One opened card: its memory for an Arena, and the words for what goes wrong on it.
class CudaCard final : public DeviceMemory {
 public:
  // Throws E_CUDA with the reason where the card cannot be used.
  explicit CudaCard(int index);
  ~CudaCard() override;
  CudaCard(const CudaCard&) = delete;
  CudaCard& operator=(const CudaCard&) = delete;

  void* reserve(uint64_t bytes) override;
  void release(void* address) override;
  void begin_block(void* address, uint64_t bytes) override { table_.begin_block(card_, address, bytes); }
  void end_block(void* address, uint64_t bytes) override { table_.end_block(card_, address, bytes); }

  uint64_t free_bytes();
  // Memory that is in use on the card beside the arena: the driver's context, code, other programs.
  uint64_t outside_bytes();

  rw_card* handle() const { return card_; }
  const rw_cuda_table& table() const { return table_; }
  // Throws the Error that a status of the library stands for.
  void must(int32_t status);

 private:
  rw_card* card_;
  const rw_cuda_table& table_;
  uint64_t reserved_ = 0;
};

}  // namespace rankwise
