#include <cstring>
#include <unordered_set>

#include "core/error.h"
#include "io/file_names.h"
#include "io/gguf.h"
#include "io/output_file.h"

namespace rankwise {
namespace {

uint64_t padded(uint64_t bytes) { return (bytes + kGgufAlignment - 1) / kGgufAlignment * kGgufAlignment; }

template <class T>
void put(std::string& to, const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    put(to, static_cast<uint64_t>(value.size()));
    to += value;
  } else if constexpr (std::is_same_v<T, bool>) {
    to += static_cast<char>(value ? 1 : 0);
  } else {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    to.append(bytes, sizeof(T));
  }
}

// Twelve scalars, then twelve lists; the number of a list, 9, stands between those of texts and of 64-bit numbers.
uint32_t type_number(size_t index) {
  const auto scalar = static_cast<uint32_t>(index % 12);
  return scalar < 9 ? scalar : scalar + 1;
}

template <class T>
void put_list(std::string& to, const std::vector<T>& values) {
  put(to, static_cast<uint64_t>(values.size()));
  for (const T& value : values) put(to, value);
}

void put_value(std::string& to, const GgufValue& value) {
  const bool list = value.index() >= 12;
  if (list) put(to, uint32_t{9});
  put(to, type_number(value.index()));
  std::visit(
      [&]<class T>(const T& held) {
        if constexpr (requires { put_list(to, held); }) put_list(to, held);
        else put(to, held);
      },
      value);
}

void lay_out(std::vector<GgufTensor>& tensors) {
  uint64_t next = 0;
  std::unordered_set<std::string> seen;
  for (GgufTensor& tensor : tensors) {
    const GgmlBlock block = block_of(tensor.type);
    if (tensor.name.empty() || tensor.name.size() > kMostGgufName || !seen.insert(tensor.name).second) {
      fail("E_WRITE", "The tensor name " + quote_name(tensor.name) + " is too long for a GGUF file, or taken.");
    }
    if (tensor.dims.empty() || tensor.dims.size() > 4 || tensor.dims[0] % block.elements != 0) {
      fail("E_WRITE", "The rows of the tensor " + quote_name(tensor.name) + " are not whole blocks of " + name_of(tensor.type) + ".");
    }
    tensor.offset = next;
    tensor.bytes = tensor.elements() / block.elements * block.bytes;
    next += padded(tensor.bytes);
  }
}

std::string header_text(const GgufMetadata& metadata, const std::vector<GgufTensor>& tensors) {
  std::string text = "GGUF";
  put(text, uint32_t{3});
  put(text, static_cast<uint64_t>(tensors.size()));
  put(text, static_cast<uint64_t>(metadata.size()));
  std::unordered_set<std::string> seen;
  for (const auto& [key, value] : metadata) {
    if (!seen.insert(key).second) fail("E_WRITE", "The GGUF key " + quote_name(key) + " was given twice.");
    put(text, key);
    put_value(text, value);
  }
  for (const GgufTensor& tensor : tensors) {
    put(text, tensor.name);
    put(text, static_cast<uint32_t>(tensor.dims.size()));
    for (const uint64_t size : tensor.dims) put(text, size);
    put(text, static_cast<uint32_t>(tensor.type));
    put(text, tensor.offset);
  }
  text.resize(padded(text.size()), '\0');
  return text;
}

}  // namespace

struct GgufWriter::Impl {
  Impl(const std::string& path, std::vector<GgufTensor> list) : tensors(std::move(list)), file(path) {}
  std::vector<GgufTensor> tensors;
  size_t next = 0;
  OutputFile file;
};

GgufWriter::GgufWriter(const std::string& path, const GgufMetadata& metadata, std::vector<GgufTensor> tensors) {
  lay_out(tensors);
  const std::string header = header_text(metadata, tensors);
  impl_ = std::make_unique<Impl>(path, std::move(tensors));
  impl_->file.write(header.data(), header.size());
}
GgufWriter::~GgufWriter() = default;

void GgufWriter::write(const void* data, uint64_t bytes) {
  if (impl_->next == impl_->tensors.size()) fail("E_WRITE", "More tensors were given than the GGUF file holds.");
  const GgufTensor& tensor = impl_->tensors[impl_->next];
  if (bytes != tensor.bytes) fail("E_WRITE", "The data of the tensor " + quote_name(tensor.name) + " is not of its size.");
  ++impl_->next;
  impl_->file.write(data, bytes);
  static constexpr char kZeros[kGgufAlignment] = {};
  impl_->file.write(kZeros, padded(bytes) - bytes);
}

void GgufWriter::finish() {
  if (impl_->next != impl_->tensors.size()) fail("E_WRITE", "Tensors are missing from the GGUF file.");
  impl_->file.commit();
}

uint64_t gguf_bytes(const GgufMetadata& metadata, const std::vector<GgufTensor>& tensors) {
  std::vector<GgufTensor> placed = tensors;
  lay_out(placed);
  uint64_t bytes = header_text(metadata, placed).size();
  for (const GgufTensor& tensor : placed) bytes += padded(tensor.bytes);
  return bytes;
}

std::string gguf_encoding(const GgufValue& value) {
  std::string text;
  put_value(text, value);
  return text;
}

}  // namespace rankwise
