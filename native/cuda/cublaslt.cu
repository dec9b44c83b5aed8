#include "cuda/cublaslt.h"

#include <dlfcn.h>

namespace rankwise::cuda {

namespace {

template <class F>
bool find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

bool CublasLt::open(const char* path, std::string& why) {
  const char* const names[] = {path ? path : "libcublasLt.so.13", path ? path : "libcublasLt.so.12"};
  void* library = nullptr;
  for (const char* name : names) {
    if (!library) library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  }
  if (!library) {
    why = path ? std::string("cuBLASLt cannot be opened at ") + path + "."
               : "NVIDIA's cuBLASLt (version 12 or 13) is not on this machine: install the CUDA toolkit or its libcublas package.";
    return false;
  }
  const bool whole = find(library, "cublasLtCreate", create) && find(library, "cublasLtDestroy", destroy) &&
                     find(library, "cublasLtGetVersion", version) && find(library, "cublasLtMatmulDescCreate", desc_create) &&
                     find(library, "cublasLtMatmulDescDestroy", desc_destroy) &&
                     find(library, "cublasLtMatmulDescSetAttribute", desc_set) &&
                     find(library, "cublasLtMatrixLayoutCreate", layout_create) &&
                     find(library, "cublasLtMatrixLayoutDestroy", layout_destroy) &&
                     find(library, "cublasLtMatmulPreferenceCreate", preference_create) &&
                     find(library, "cublasLtMatmulPreferenceDestroy", preference_destroy) &&
                     find(library, "cublasLtMatmulPreferenceSetAttribute", preference_set) &&
                     find(library, "cublasLtMatmulAlgoGetHeuristic", heuristic) && find(library, "cublasLtMatmul", matmul);
  if (!whole) why = "The cuBLASLt of this machine lacks functions that the engine needs: it is older than version 12.";
  return whole;
}

}  // namespace rankwise::cuda
