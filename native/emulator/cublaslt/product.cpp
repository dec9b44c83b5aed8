#include "emulator/cublaslt/product.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "emulator/device_memory.h"
#include "emulator/launches.h"

namespace rankwise::emulator {
namespace {

size_t bytes_of(cudaDataType type) { return type == CUDA_R_32F ? 4 : 2; }

float load(const char* data, cudaDataType type, uint64_t index) {
  float value;
  if (type == CUDA_R_32F) {
    std::memcpy(&value, data + index * 4, 4);
  } else {
    uint16_t half;
    std::memcpy(&half, data + index * 2, 2);
    const uint32_t bits = uint32_t{half} << 16;
    std::memcpy(&value, &bits, 4);
  }
  return value;
}

// bfloat16 to nearest even.
void store(char* data, cudaDataType type, uint64_t index, float value) {
  if (type == CUDA_R_32F) {
    std::memcpy(data + index * 4, &value, 4);
    return;
  }
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  const bool nan = value != value;
  const auto half = static_cast<uint16_t>(nan ? (bits >> 16) | 0x40 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  std::memcpy(data + index * 2, &half, 2);
}

void check_live(const char* data, const Layout& layout, const char* what) {
  for (uint64_t col = 0; col < layout.cols; ++col) {
    DeviceMemory::the().check(data + col * static_cast<uint64_t>(layout.ld) * bytes_of(layout.type), layout.rows * bytes_of(layout.type), what);
  }
}

const char* batch(const void* data, const Layout& layout, int32_t index) {
  return static_cast<const char*>(data) + index * layout.batch_stride * static_cast<int64_t>(bytes_of(layout.type));
}

void compute_one(const ProductCall& call, const char* a, const char* b, const char* c, char* d) {
  const uint64_t m = call.m(), n = call.n(), k = call.k();
  std::vector<float> a_columns(m * k), column(k), sums(m);
  const auto a_ld = static_cast<uint64_t>(call.a.ld), b_ld = static_cast<uint64_t>(call.b.ld);
  const bool a_plain = call.description.transpose_a == CUBLAS_OP_N, b_plain = call.description.transpose_b == CUBLAS_OP_N;
  for (uint64_t x = 0; x < k; ++x) {
    for (uint64_t i = 0; i < m; ++i) a_columns[x * m + i] = load(a, call.a.type, a_plain ? x * a_ld + i : i * a_ld + x);
  }
  for (uint64_t j = 0; j < n; ++j) {
    for (uint64_t x = 0; x < k; ++x) column[x] = load(b, call.b.type, b_plain ? j * b_ld + x : x * b_ld + j);
    std::fill(sums.begin(), sums.end(), 0.0f);
    for (uint64_t x = 0; x < k; ++x) {
      const float factor = column[x];
      const float* from = &a_columns[x * m];
      for (uint64_t i = 0; i < m; ++i) sums[i] += from[i] * factor;
    }
    for (uint64_t i = 0; i < m; ++i) {
      float value = call.alpha * sums[i];
      if (call.beta != 0) value += call.beta * load(c, call.c.type, j * static_cast<uint64_t>(call.c.ld) + i);
      store(d, call.d.type, j * static_cast<uint64_t>(call.d.ld) + i, value);
    }
  }
}

}  // namespace

void compute(const ProductCall& call) {
  for (int32_t i = 0; i < call.d.batches; ++i) {
    const char* a = batch(call.a_data, call.a, i);
    const char* b = batch(call.b_data, call.b, i);
    const char* c = batch(call.c_data, call.c, i);
    char* d = const_cast<char*>(batch(call.d_data, call.d, i));
    check_live(a, call.a, "cublasLtMatmul reads A");
    check_live(b, call.b, "cublasLtMatmul reads B");
    if (call.beta != 0) check_live(c, call.c, "cublasLtMatmul reads C");
    check_live(d, call.d, "cublasLtMatmul writes D");
    compute_one(call, a, b, c, d);
    const auto bytes = [](const Layout& l) { return l.rows * l.cols * bytes_of(l.type); };
    Launches::the().count("cublasLtMatmul", bytes(call.a) + bytes(call.b) + (call.beta != 0 ? bytes(call.c) : 0), bytes(call.d));
  }
}

}  // namespace rankwise::emulator
