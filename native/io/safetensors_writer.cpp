#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/file_names.h"
#include "io/files.h"
#include "io/output_file.h"
#include "io/safetensors_header.h"

namespace rankwise {
namespace {

using nlohmann::ordered_json;

// The header's JSON, padded so that the data section begins at a multiple of eight; `data_bytes` receives that section's length.
std::string header_text(const std::vector<SafetensorsWriter::Entry>& entries, const std::map<std::string, std::string>& metadata,
                        const std::string& path, uint64_t& data_bytes) {
  const std::string what = "The file " + path + " cannot be written: ";
  ordered_json header = ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::map<std::string, int> seen;
  data_bytes = 0;
  for (const auto& entry : entries) {
    if (entry.name == "__metadata__" || !seen.emplace(entry.name, 0).second) {
      fail("E_WRITE", what + "the tensor name " + quote_name(entry.name) + " is taken.");
    }
    const uint64_t begin = data_bytes;
    const uint64_t bytes = checked_product(entry.shape, bytes_of(entry.dtype), what + "the shape of " + quote_name(entry.name), "E_WRITE");
    if (bytes > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) - begin) fail("E_WRITE", what + "the tensors are too large.");
    data_bytes += bytes;
    // Appended instead of assigned: an ordered object finds a key by walking, and the names are known to differ.
    header.get_ref<ordered_json::object_t&>().push_back(
        {entry.name, ordered_json{{"dtype", format_name(entry.dtype)}, {"shape", entry.shape}, {"data_offsets", {begin, data_bytes}}}});
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    fail("E_WRITE", what + "a name or its metadata is not valid UTF-8.");
  }
  while (text.size() % 8 != 0) text += ' ';
  if (text.size() > kMostHeaderBytes) fail("E_WRITE", what + "its header would exceed 100 MB.");
  return text;
}

}  // namespace

struct SafetensorsWriter::Impl {
  Impl(const std::string& name, const std::vector<Entry>& entries, const std::map<std::string, std::string>& metadata)
      : path(name), text(header_text(entries, metadata, name, remaining)), file(name) {
    std::string length(8, '\0');
    for (int i = 0; i < 8; ++i) length[i] = static_cast<char>(text.size() >> (8 * i) & 255);
    put(length.data(), length.size());
    put(text.data(), text.size());
    text.clear();
  }

  void put(const void* data, uint64_t bytes) {
    file.write(data, bytes);
    hash.update(data, bytes);
  }

  std::string path;
  uint64_t remaining = 0;  // bytes of the data section not yet written; set by header_text, so declared before `text`
  std::string text;
  OutputFile file;
  Sha256 hash;
};

SafetensorsWriter::SafetensorsWriter(const std::string& path, const std::vector<Entry>& entries,
                                     const std::map<std::string, std::string>& metadata)
    : impl_(std::make_unique<Impl>(path, entries, metadata)) {}
SafetensorsWriter::~SafetensorsWriter() = default;

void SafetensorsWriter::write(const void* data, uint64_t bytes) {
  if (bytes > impl_->remaining) fail("E_WRITE", "More data was given for " + impl_->path + " than its tensors hold.");
  impl_->put(data, bytes);
  impl_->remaining -= bytes;
}

std::string SafetensorsWriter::finish() {
  if (impl_->remaining != 0) {
    fail("E_WRITE", std::to_string(impl_->remaining) + " bytes are missing from the tensors of " + impl_->path + ".");
  }
  impl_->file.commit();
  return impl_->hash.hex();
}

std::vector<SafetensorsWriter::Entry> safetensors_order(std::vector<SafetensorsWriter::Entry> entries) {
  // The reference writer's order of types, largest alignment first.
  const auto rank = [](DType type) {
    switch (type) {
      case DType::i64: return 0;
      case DType::f32: return 1;
      case DType::i32: return 2;
      case DType::bf16: return 3;
      case DType::f16: return 4;
      case DType::u8: return 5;
    }
    return 6;
  };
  std::sort(entries.begin(), entries.end(), [&](const auto& a, const auto& b) {
    return std::pair(rank(a.dtype), std::string_view(a.name)) < std::pair(rank(b.dtype), std::string_view(b.name));
  });
  return entries;
}

}  // namespace rankwise
