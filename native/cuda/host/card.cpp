#include "cuda/host/card.h"

#include "core/error.h"
#include "core/text.h"

namespace rankwise {

CudaCard::CudaCard(int index) : card_(CudaLibrary::instance().open(index)), table_(CudaLibrary::instance().table()) {}

CudaCard::~CudaCard() { table_.close(card_); }

void* CudaCard::reserve(uint64_t bytes) {
  void* address = nullptr;
  const int32_t status = table_.reserve(card_, bytes, &address);
  if (status == RW_MEMORY) {
    fail("E_MEMORY", "The card has " + human_bytes(free_bytes()) + " free, and this needs " + human_bytes(bytes) + ".",
         "Close other programs that use the card, or ask `rankwise plan` what would make the run smaller.");
  }
  must(status);
  reserved_ = bytes;
  return address;
}

void CudaCard::release(void* address) {
  table_.release(card_, address);
  reserved_ = 0;
}

uint64_t CudaCard::free_bytes() {
  uint64_t total = 0, available = 0;
  must(table_.memory(card_, &total, &available));
  return available;
}

uint64_t CudaCard::outside_bytes() {
  uint64_t total = 0, available = 0;
  must(table_.memory(card_, &total, &available));
  const uint64_t used = total - available;
  return used > reserved_ ? used - reserved_ : 0;
}

void CudaCard::must(int32_t status) {
  if (status == RW_OK) return;
  const std::string text = table_.error_text(card_);
  switch (status) {
    case RW_MEMORY: fail("E_MEMORY", text, "Close other programs that use the card.");
    case RW_INDEX: fail("E_INDEX", text, "The data were made for another vocabulary or a longer context than the model has.");
    case RW_EIGEN: fail("E_EIGEN", text, "The gradient it came from has probably overflowed; lower the learning rate or clip gradients.");
    case RW_SHAPE: fail("E_SHAPE", text);
    default: fail("E_CUDA", text, "The driver's log (dmesg) says more; `rankwise doctor --selftest` checks the card.");
  }
}

}  // namespace rankwise
