#include "cuda/host/library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

#include "core/error.h"

namespace rankwise {

namespace {

const char* const kFileName = "librankwise_cuda.so";

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// The folder of the library or program that this code is part of.
std::string own_folder() {
  Dl_info info{};
  if (!dladdr(reinterpret_cast<void*>(&own_folder), &info) || !info.dli_fname) return ".";
  return std::filesystem::path(info.dli_fname).parent_path().string();
}

}  // namespace

const CudaLibrary& CudaLibrary::instance() {
  static const CudaLibrary library;
  return library;
}

CudaLibrary::CudaLibrary() : cublaslt_(from_environment("RANKWISE_CUBLASLT_LIBRARY")) {
  const std::string named = from_environment("RANKWISE_CUDA_LIBRARY");
  const std::string path = named.empty() ? own_folder() + "/" + kFileName : named;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    closed_ = named.empty() ? "This build of the engine comes without its CUDA library." : "There is no CUDA library at " + path + ".";
    return;
  }
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    closed_ = std::string("The CUDA library cannot be opened: ") + dlerror() + ".";
    return;
  }
  const auto boundary = reinterpret_cast<decltype(&rankwise_cuda_boundary)>(dlsym(handle, "rankwise_cuda_boundary"));
  table_ = boundary ? boundary(RANKWISE_CUDA_BOUNDARY_VERSION) : nullptr;
  if (!table_) closed_ = "The CUDA library at " + path + " belongs to another version of the engine.";
}

CudaStatus CudaLibrary::probe(int index) const {
  CudaStatus status;
  if (!table_) {
    status.reason = closed_;
    return status;
  }
  char why[512] = "";
  status.available = table_->probe(index, cublaslt(), &status.card, why, sizeof why) == RW_OK;
  status.reason = why;
  return status;
}

rw_card* CudaLibrary::open(int index) const {
  char why[512] = "";
  rw_card* card = nullptr;
  if (!table_ || table_->open(index, cublaslt(), &card, why, sizeof why) != RW_OK) {
    fail("E_CUDA", "The run asks for an NVIDIA card, and none can be used. " + (table_ ? std::string(why) : closed_),
         "Set device.backend to \"cpu\", or see `rankwise doctor`.");
  }
  return card;
}

}  // namespace rankwise
