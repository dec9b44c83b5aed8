#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "io/safetensors.h"

namespace rankwise {

constexpr uint64_t kMostHeaderBytes = 100'000'000;  // the reference reader's limit

// What the JSON at the head of a safetensors file says, checked against the length of the data section.
struct SafetensorsHeader {
  std::vector<TensorInfo> tensors;             // by offset
  std::map<std::string, std::string> foreign;  // tensors of a type the engine has no name for: name → the format's type name
  std::map<std::string, std::string> metadata;
};

// Throws E_SAFETENSORS; `what` begins its sentence ("The file …").
SafetensorsHeader parse_safetensors_header(std::string_view json_text, uint64_t data_bytes, const std::string& what);

// "F32", "BF16", "F16", "I32", "I64", "U8".
const char* format_name(DType type);

// The product of `shape` times `unit`. Throws `code` when a dimension is negative or the product exceeds 63 bits.
uint64_t checked_product(const std::vector<int64_t>& shape, uint64_t unit, const std::string& what, const std::string& code);

// "[2 × 3]"; "[]" for a scalar.
std::string shape_text(const std::vector<int64_t>& shape);

}  // namespace rankwise
