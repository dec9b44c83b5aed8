#include "cuda/host/copies.h"

#include "core/error.h"
#include "core/text.h"
#include "ops/shape_checks.h"

namespace rankwise {

namespace {

uint64_t bytes_in(const View& view) { return static_cast<uint64_t>(view.size()) * bytes_of(view.dtype); }

}  // namespace

void* CudaCopies::take(uint64_t bytes) {
  void* memory = nullptr;
  if (card_.table().reserve_host(card_.handle(), bytes, &memory) != RW_OK) {
    fail("E_MEMORY", "The system gives no " + human_bytes(bytes) + " of page-locked memory.", "Close other programs, or turn method.parkOnHost off.");
  }
  tally_.take(bytes);
  return memory;
}

void CudaCopies::give(void* memory, uint64_t bytes) {
  card_.table().release_host(card_.handle(), memory);
  tally_.give(bytes);
}

void* CudaCopies::begin_out(const View& from, void* host) {
  shape_checks::contiguous_bytes("copy to the host", from);
  void* copy = nullptr;
  card_.must(card_.table().begin_copy(card_.handle(), from.data, host, bytes_in(from), true, &copy));
  return copy;
}

void* CudaCopies::begin_in(const void* host, const View& to) {
  shape_checks::contiguous_bytes("copy from the host", to);
  void* copy = nullptr;
  card_.must(card_.table().begin_copy(card_.handle(), to.data, const_cast<void*>(host), bytes_in(to), false, &copy));
  return copy;
}

void CudaCopies::finish(void* copy) { card_.must(card_.table().finish_copy(card_.handle(), copy)); }

}  // namespace rankwise
