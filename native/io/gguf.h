#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quant/ggml_blocks.h"

namespace rankwise {

// A metadata value. Scalars come in the order of the format's type numbers (array, 9, has none of its own), lists in the same order after them.
template <class... T>
using GgufVariant = std::variant<T..., std::vector<T>...>;
using GgufValue = GgufVariant<uint8_t, int8_t, uint16_t, int16_t, uint32_t, int32_t, float, bool, std::string, uint64_t, int64_t, double>;
using GgufMetadata = std::vector<std::pair<std::string, GgufValue>>;  // in file order

struct GgufTensor {
  std::string name;
  GgmlType type = GgmlType::f32;
  std::vector<uint64_t> dims;  // fastest first: [in, out] of a matrix [out × in]
  uint64_t offset = 0;         // within the data section
  uint64_t bytes = 0;
  uint64_t elements() const;
};

// A GGUF file (version 2 or 3, little endian) mapped read-only and checked before anything is handed out: every length against the
// bytes that are left, no key or name twice, no lists in lists, sizes that match shapes without overflow, tensors that follow each other
// without holes. Anything else throws E_GGUF naming the file and the fault; a tensor of a type that is not read here throws E_UNSUPPORTED.
class GgufFile {
 public:
  explicit GgufFile(const std::string& path);
  ~GgufFile();
  GgufFile(const GgufFile&) = delete;
  GgufFile& operator=(const GgufFile&) = delete;

  const GgufMetadata& metadata() const;
  const std::vector<GgufTensor>& tensors() const;  // in file order
  const GgufTensor* find(const std::string& name) const;  // null if absent
  const void* data(const GgufTensor& tensor) const;        // valid while the file lives
  void forget(const GgufTensor& tensor) const;             // lets go of the pages of its data

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Writes one GGUF file of version 3, tensor by tensor in the order given, to `path` + ".part", synced and renamed by finish(). Destroyed
// without finish(), it leaves nothing behind. Throws E_WRITE.
class GgufWriter {
 public:
  // `tensors`: names, types and dims; offsets and bytes are computed.
  GgufWriter(const std::string& path, const GgufMetadata& metadata, std::vector<GgufTensor> tensors);
  ~GgufWriter();
  void write(const void* data, uint64_t bytes);  // the whole of the next tensor
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Of the whole file that GgufWriter would write.
uint64_t gguf_bytes(const GgufMetadata& metadata, const std::vector<GgufTensor>& tensors);

// The encoding of a value as it stands in a file: two values are the same when these are.
std::string gguf_encoding(const GgufValue& value);

constexpr uint64_t kGgufAlignment = 32;
constexpr uint64_t kMostGgufName = 63;  // bytes of a tensor's name

}  // namespace rankwise
