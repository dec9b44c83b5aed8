#pragma once
#include <cstdint>
#include <string>

#include "cuda/boundary.h"

namespace rankwise {

// What is known of the way to a card: open, or closed for a reason that is said in words.
struct CudaStatus {
  bool available = false;
  std::string reason;  // empty where available
  rw_card_info card{};
};

// The CUDA library, opened on first use and kept. It lies beside the engine, or where RANKWISE_CUDA_LIBRARY says; cuBLASLt is found
// by the system's loader, or where RANKWISE_CUBLASLT_LIBRARY says.
class CudaLibrary {
 public:
  static const CudaLibrary& instance();

  CudaStatus probe(int index) const;
  // Throws E_CUDA with probe's reason.
  rw_card* open(int index) const;
  const rw_cuda_table& table() const { return *table_; }

 private:
  CudaLibrary();
  const char* cublaslt() const { return cublaslt_.empty() ? nullptr : cublaslt_.c_str(); }
  const rw_cuda_table* table_ = nullptr;
  std::string closed_;  // why there is no table
  std::string cublaslt_;
};

}  // namespace rankwise
