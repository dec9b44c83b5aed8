#pragma once
#include <cstddef>
#include <cstdint>

namespace rankwise {

// Element types that tensors in memory or on disk can have. f16 and i64 exist on disk only.
enum class DType : uint8_t { f32, bf16, f16, i32, i64, u8 };

constexpr size_t bytes_of(DType type) {
  switch (type) {
    case DType::f32:
    case DType::i32: return 4;
    case DType::bf16:
    case DType::f16: return 2;
    case DType::i64: return 8;
    case DType::u8: return 1;
  }
  return 0;
}

const char* name_of(DType type);

}  // namespace rankwise
