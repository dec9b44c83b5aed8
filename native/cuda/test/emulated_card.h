#pragma once
#include <cstdlib>
#include <string>

#include "cuda/host/backend.h"

namespace rankwise::test {

// Points the loader at the emulated libraries beside this test, unless the environment names others.
inline void use_emulated_card() {
  const std::string folder = RANKWISE_EMULATED_FOLDER;
  setenv("RANKWISE_CUDA_LIBRARY", (folder + "/librankwise_cuda_emulated.so").c_str(), 0);
  setenv("RANKWISE_CUBLASLT_LIBRARY", (folder + "/librankwise_cublaslt_emulated.so").c_str(), 0);
}

// A card with an arena and a backend on it.
struct EmulatedCard {
  CudaCard card{0};
  Arena arena{card, uint64_t{256} << 20};
  CudaBackend ops{card, arena};
};

}  // namespace rankwise::test
