// Opening a card, its memory, and waiting for it.
#include <cstdio>
#include <cstring>

#include "cuda/plugin.h"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

std::string version_text(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

// The driver that first speaks a version of CUDA, where users would look for it.
const char* needed_driver(int runtime) { return runtime >= 13000 ? "580" : "525"; }

std::string closed_because(int32_t index, rw_card_info& info) {
  cudaRuntimeGetVersion(&info.runtime);
  if (cudaDriverGetVersion(&info.driver) != cudaSuccess || info.driver == 0) {
    return "No NVIDIA driver is installed on this machine.";
  }
  if (info.driver < info.runtime) {
    return "The NVIDIA driver knows CUDA " + version_text(info.driver) + ", and this build needs " + version_text(info.runtime) +
           ": update the driver to " + needed_driver(info.runtime) + " or newer.";
  }
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  cudaGetLastError();
  if (error == cudaErrorNoDevice || (error == cudaSuccess && count == 0)) return "The NVIDIA driver finds no card.";
  if (error != cudaSuccess) return std::string("The NVIDIA driver does not answer: ") + cudaGetErrorString(error) + ".";
  if (index < 0 || index >= count) {
    return "There is no card " + std::to_string(index) + "; the machine has " + std::to_string(count) + ".";
  }
  cudaDeviceProp properties;
  if (cudaGetDeviceProperties(&properties, index) != cudaSuccess) return "The NVIDIA driver does not describe the card.";
  std::snprintf(info.name, sizeof info.name, "%s", properties.name);
  info.major = properties.major;
  info.minor = properties.minor;
  info.memory_bytes = properties.totalGlobalMem;
  if (info.major < 8) {
    return std::string(properties.name) + " has compute capability " + std::to_string(info.major) + "." + std::to_string(info.minor) +
           ", and the engine needs 8.0 (Ampere) or newer.";
  }
  return "";
}

void tell(const std::string& text, char* why, uint64_t bytes) { std::snprintf(why, bytes, "%s", text.c_str()); }

}  // namespace

int32_t refuse(rw_card* card, int32_t status, const std::string& text) {
  card->error = text;
  return status;
}

int32_t checked(rw_card* card, cudaError_t error, const char* what) {
  if (error == cudaSuccess) return RW_OK;
  const std::string text = std::string(what) + " failed on the card: " + cudaGetErrorString(error) + ".";
  return refuse(card, error == cudaErrorMemoryAllocation ? RW_MEMORY : RW_CUDA, text);
}

int32_t wait_for_answers(rw_card* card, const char* what) {
  const cudaError_t copied = cudaMemcpyAsync(card->answers, &card->small->answers, sizeof(Answers), cudaMemcpyDeviceToHost, card->stream);
  const cudaError_t waited = cudaStreamSynchronize(card->stream);
  if (copied != cudaSuccess || waited != cudaSuccess) return checked(card, copied != cudaSuccess ? copied : waited, what);
  const int fault = card->answers->fault;
  if (fault == RW_OK) return RW_OK;
  cudaMemsetAsync(&card->small->answers.fault, 0, sizeof(int), card->stream);
  return refuse(card, fault,
                fault == RW_INDEX ? "A token, target or position is out of range."
                                  : "A symmetric eigenproblem has entries that are not finite or did not converge.");
}

int32_t probe(int32_t index, const char* cublaslt, rw_card_info* info, char* why, uint64_t why_bytes) {
  std::memset(info, 0, sizeof *info);
  std::string reason = closed_because(index, *info);
  CublasLt lt;
  if (reason.empty() && lt.open(cublaslt, reason)) info->cublaslt_version = lt.version();
  tell(reason, why, why_bytes);
  return reason.empty() ? RW_OK : RW_CLOSED;
}

int32_t open_card(int32_t index, const char* cublaslt, rw_card** out, char* why, uint64_t why_bytes) {
  rw_card_info info;
  if (probe(index, cublaslt, &info, why, why_bytes) != RW_OK) return RW_CLOSED;
  auto* card = new rw_card;
  card->index = index;
  std::string reason;
  const auto step = [&](cudaError_t error, const char* what) {
    if (reason.empty() && error != cudaSuccess) reason = std::string(what) + " failed: " + cudaGetErrorString(error) + ".";
  };
  step(cudaSetDevice(index), "Choosing the card");
  if (reason.empty()) step(cudaStreamCreateWithFlags(&card->stream, cudaStreamNonBlocking), "Opening a stream on the card");
  if (reason.empty()) step(cudaMallocHost(reinterpret_cast<void**>(&card->answers), sizeof(Answers)), "Taking pinned memory");
  if (reason.empty() && card->lt.open(cublaslt, reason) && card->lt.create(&card->lt.handle) != CUBLAS_STATUS_SUCCESS) {
    reason = "cuBLASLt does not start: the card may be out of memory.";
  }
  if (reason.empty()) {
    *out = card;
    return RW_OK;
  }
  tell(reason, why, why_bytes);
  close_card(card);
  return RW_CLOSED;
}

void close_card(rw_card* card) {
  if (card->lt.handle) card->lt.destroy(card->lt.handle);
  if (card->answers) cudaFreeHost(card->answers);
  if (card->stream) cudaStreamDestroy(card->stream);
  delete card;
}

const char* error_text(rw_card* card) { return card->error.c_str(); }

int32_t memory(rw_card* card, uint64_t* total, uint64_t* available) {
  size_t free_bytes = 0, all_bytes = 0;
  const int32_t status = checked(card, cudaMemGetInfo(&free_bytes, &all_bytes), "Asking for free memory");
  *total = all_bytes;
  *available = free_bytes;
  return status;
}

int32_t reserve(rw_card* card, uint64_t bytes, void** address) {
  const cudaError_t error = cudaMalloc(address, bytes);
  cudaGetLastError();
  return checked(card, error, "Taking memory");
}

void release(rw_card* card, void* address) {
  cudaStreamSynchronize(card->stream);
  cudaFree(address);
}

void begin_block(rw_card* card, void* address, uint64_t bytes) { RANKWISE_TENSOR_BEGIN(address, bytes, card->stream); }

void end_block(rw_card* card, void* address, uint64_t bytes) { RANKWISE_TENSOR_END(address, bytes, card->stream); }

int32_t set_workspace(rw_card* card, const rw_workspace* space, const rw_maps* maps) {
  if (space->small_bytes < sizeof(SmallWorkspace)) return refuse(card, RW_SHAPE, "The workspace is too small for this library.");
  card->space = *space;
  card->small = static_cast<SmallWorkspace*>(space->small);
  SmallWorkspace start{};
  CodeBooks& books = start.books;
  std::memcpy(books.nf4_levels, maps->nf4_levels, sizeof books.nf4_levels);
  std::memcpy(books.nf4_midpoints, maps->nf4_midpoints, 15 * sizeof(float));
  std::memcpy(books.signed_values, maps->signed_values, sizeof books.signed_values);
  std::memcpy(books.signed_midpoints, maps->signed_midpoints, 255 * sizeof(float));
  std::memcpy(books.unsigned_values, maps->unsigned_values, sizeof books.unsigned_values);
  std::memcpy(books.unsigned_midpoints, maps->unsigned_midpoints, 255 * sizeof(float));
  return upload(card, &start, card->small, sizeof start);
}

int32_t upload(rw_card* card, const void* host, void* to, uint64_t bytes) {
  if (bytes == 0) return RW_OK;
  return checked(card, cudaMemcpyAsync(to, host, bytes, cudaMemcpyHostToDevice, card->stream), "A copy to the card");
}

int32_t download(rw_card* card, const void* from, void* host, uint64_t bytes) {
  if (bytes > 0) {
    const int32_t status = checked(card, cudaMemcpyAsync(host, from, bytes, cudaMemcpyDeviceToHost, card->stream), "A copy from the card");
    if (status != RW_OK) return status;
  }
  return wait_for_answers(card, "A copy from the card");
}

int32_t wait(rw_card* card) { return wait_for_answers(card, "Waiting for the card"); }

}  // namespace rankwise::cuda
