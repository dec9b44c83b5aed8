#include <cstring>
#include <unordered_map>

#include "core/error.h"
#include "core/text.h"
#include "io/mapped_file.h"
#include "io/safetensors_header.h"

namespace rankwise {
namespace {

constexpr uint64_t kLengthBytes = 8;
constexpr const char* kHint = "The file is damaged or was not written as safetensors; download or save it again.";

// PyTorch's own files: a zip archive, or (before 1.6) the pickle of its magic number. Neither first byte pattern can be followed
// by a header of ours, which has { at byte 8.
bool looks_like_pickle(const MappedFile& file) {
  if (file.size() < 9 || file.data()[8] == '{') return false;
  return std::memcmp(file.data(), "PK\x03\x04", 4) == 0 || std::memcmp(file.data(), "\x80\x02\x8a\x0a", 4) == 0;
}

// Returns the header's length once it is known to lie within the file.
uint64_t header_length(const MappedFile& file, const std::string& what) {
  if (looks_like_pickle(file)) {
    fail("E_PICKLE", what + " is a PyTorch pickle file, which can run code when it is read.",
         "Convert it to safetensors with a tool that you trust, or download the safetensors version.");
  }
  if (file.size() < kLengthBytes) fail("E_SAFETENSORS", what + " is too short to be a safetensors file.", kHint);
  uint64_t length = 0;
  for (uint64_t i = 0; i < kLengthBytes; ++i) length |= static_cast<uint64_t>(file.data()[i]) << (8 * i);
  if (length > kMostHeaderBytes) fail("E_SAFETENSORS", what + " claims a header of more than 100 MB.", kHint);
  if (length > file.size() - kLengthBytes) {
    fail("E_SAFETENSORS", what + " ends within its header (" + human_bytes(file.size()) + ").", kHint);
  }
  return length;
}

}  // namespace

uint64_t TensorInfo::elements() const {
  uint64_t count = 1;
  for (const int64_t size : shape) count *= static_cast<uint64_t>(size);
  return count;
}

struct SafetensorsFile::Impl {
  explicit Impl(const std::string& name) : path(name), file(name) {
    const std::string what = "The file " + path;
    const uint64_t length = header_length(file, what);
    data_begin = kLengthBytes + length;
    const std::string_view text(reinterpret_cast<const char*>(file.data()) + kLengthBytes, length);
    header = parse_safetensors_header(text, file.size() - data_begin, what);
    for (size_t i = 0; i < header.tensors.size(); ++i) by_name.emplace(header.tensors[i].name, i);
  }

  std::string path;
  MappedFile file;
  uint64_t data_begin = 0;
  SafetensorsHeader header;
  std::unordered_map<std::string, size_t> by_name;
};

SafetensorsFile::SafetensorsFile(const std::string& path) : impl_(std::make_unique<Impl>(path)) {}
SafetensorsFile::~SafetensorsFile() = default;

const std::vector<TensorInfo>& SafetensorsFile::tensors() const { return impl_->header.tensors; }
const std::map<std::string, std::string>& SafetensorsFile::foreign() const { return impl_->header.foreign; }
const std::map<std::string, std::string>& SafetensorsFile::metadata() const { return impl_->header.metadata; }
const std::string& SafetensorsFile::path() const { return impl_->path; }

const TensorInfo* SafetensorsFile::find(const std::string& name) const {
  const auto found = impl_->by_name.find(name);
  return found == impl_->by_name.end() ? nullptr : &impl_->header.tensors[found->second];
}

const void* SafetensorsFile::data(const TensorInfo& info) const { return impl_->file.data() + impl_->data_begin + info.begin; }

void SafetensorsFile::forget(const TensorInfo& info) const {
  impl_->file.forget(impl_->data_begin + info.begin, info.end - info.begin);
}

}  // namespace rankwise
