#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "core/error.h"
#include "io/file_names.h"
#include "io/gguf.h"
#include "io/mapped_file.h"

namespace rankwise {
namespace {

constexpr const char* kHint = "The file is damaged or was not written as GGUF; download or save it again.";
constexpr uint64_t kMostKey = 65535;
constexpr uint32_t kArray = 9;
constexpr uint64_t kMostAlignment = uint64_t{1} << 20;

class HeaderReader {
 public:
  HeaderReader(const MappedFile& file, const std::string& path) : data_(file.data()), size_(file.size()), path_(path) {}

  void read(GgufMetadata& metadata, std::vector<GgufTensor>& tensors, uint64_t& data_begin) {
    if (size_ < 24 || std::memcmp(data_, "GGUF", 4) != 0) refuse("does not begin as a GGUF file does");
    at_ = 4;
    const uint32_t version = number<uint32_t>();
    if (std::has_single_bit(version >> 24) && (version & 0xffffff) == 0) refuse("is written for big-endian machines");
    if (version != 2 && version != 3) refuse("has the version " + std::to_string(version) + ", which is not 2 or 3");
    const uint64_t tensor_count = number<uint64_t>(), key_count = number<uint64_t>();
    read_metadata(metadata, key_count);
    read_tensors(tensors, tensor_count);
    const uint64_t padding = (alignment_ - at_ % alignment_) % alignment_;
    if (padding > left() && !tensors.empty()) refuse("ends before its data");
    data_begin = at_ + std::min(padding, left());
    check_tiling(tensors, size_ - data_begin);
  }

 private:
  [[noreturn]] void refuse(const std::string& fault) const { fail("E_GGUF", "The file " + path_ + " " + fault + ".", kHint); }

  uint64_t left() const { return size_ - at_; }

  void need(uint64_t bytes) const {
    if (bytes > left()) refuse("ends within its header");
  }

  template <class T>
  T number() {
    need(sizeof(T));
    T value;
    std::memcpy(&value, data_ + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  std::string text(uint64_t most, const char* what) {
    const auto length = number<uint64_t>();
    need(length);
    if (length > most) refuse(std::string("has a ") + what + " that is too long");
    std::string value(reinterpret_cast<const char*>(data_ + at_), length);
    at_ += length;
    return value;
  }

  template <class T>
  T scalar() {
    if constexpr (std::is_same_v<T, std::string>) {
      return text(std::numeric_limits<uint64_t>::max(), "text");
    } else if constexpr (std::is_same_v<T, bool>) {
      const auto byte = number<uint8_t>();
      if (byte > 1) refuse("has a truth value that is neither true nor false");
      return byte == 1;
    } else {
      return number<T>();
    }
  }

  // The least that an element takes on disk bounds how many there can be.
  template <class T>
  static constexpr uint64_t least_bytes() {
    if constexpr (std::is_same_v<T, std::string>) return 8;
    else return sizeof(T);
  }

  template <class T>
  GgufValue value_of(bool list) {
    if (!list) return GgufValue(std::in_place_type<T>, scalar<T>());
    const auto count = number<uint64_t>();
    if (count > left() / least_bytes<T>()) refuse("has a list that is longer than the file");
    std::vector<T> values;
    values.reserve(count);
    for (uint64_t i = 0; i < count; ++i) values.push_back(scalar<T>());
    return GgufValue(std::in_place_type<std::vector<T>>, std::move(values));
  }

  GgufValue value(const std::string& key) {
    uint32_t type = number<uint32_t>();
    const bool list = type == kArray;
    if (list) type = number<uint32_t>();
    switch (type) {
      case 0: return value_of<uint8_t>(list);
      case 1: return value_of<int8_t>(list);
      case 2: return value_of<uint16_t>(list);
      case 3: return value_of<int16_t>(list);
      case 4: return value_of<uint32_t>(list);
      case 5: return value_of<int32_t>(list);
      case 6: return value_of<float>(list);
      case 7: return value_of<bool>(list);
      case 8: return value_of<std::string>(list);
      case 10: return value_of<uint64_t>(list);
      case 11: return value_of<int64_t>(list);
      case 12: return value_of<double>(list);
      default: refuse("gives the key " + quote_name(key) + (type == kArray ? " a list of lists" : " a type that the format does not have"));
    }
  }

  void read_metadata(GgufMetadata& metadata, uint64_t count) {
    if (count > left() / 13) refuse("claims more keys than it has room for");
    std::unordered_set<std::string> seen;
    for (uint64_t i = 0; i < count; ++i) {
      std::string key = text(kMostKey, "key");
      if (key.empty()) refuse("has a key without a name");
      if (!seen.insert(key).second) refuse("has the key " + quote_name(key) + " twice");
      GgufValue read = value(key);
      if (key == "general.alignment") set_alignment(read);
      metadata.emplace_back(std::move(key), std::move(read));
    }
  }

  void set_alignment(const GgufValue& value) {
    const auto* bytes = std::get_if<uint32_t>(&value);
    if (!bytes || !std::has_single_bit(*bytes) || *bytes > kMostAlignment) refuse("has a general.alignment that is not a power of two");
    alignment_ = *bytes;
  }

  void read_tensors(std::vector<GgufTensor>& tensors, uint64_t count) {
    if (count > left() / 25) refuse("claims more tensors than it has room for");
    std::unordered_set<std::string> seen;
    for (uint64_t i = 0; i < count; ++i) {
      GgufTensor tensor;
      tensor.name = text(kMostGgufName, "tensor name");
      if (tensor.name.empty()) refuse("has a tensor without a name");
      if (!seen.insert(tensor.name).second) refuse("has the tensor " + quote_name(tensor.name) + " twice");
      const auto dimensions = number<uint32_t>();
      if (dimensions > 4) refuse("has the tensor " + quote_name(tensor.name) + " of more than four dimensions");
      for (uint32_t d = 0; d < dimensions; ++d) tensor.dims.push_back(number<uint64_t>());
      read_type(tensor);
      tensor.offset = number<uint64_t>();
      tensors.push_back(std::move(tensor));
    }
  }

  void read_type(GgufTensor& tensor) {
    const auto code = number<uint32_t>();
    const auto type = ggml_type(code);
    if (!type) {
      fail("E_UNSUPPORTED", "The tensor " + quote_name(tensor.name) + " of " + path_ + " has the GGUF type " + std::to_string(code) + ", which is not supported.",
           "Use a version of the model in F32, F16, BF16, Q8_0 or Q4_0.");
    }
    tensor.type = *type;
    uint64_t elements = 1;
    for (const uint64_t size : tensor.dims) {
      if (__builtin_mul_overflow(elements, size, &elements) || elements > uint64_t{1} << 60) refuse("has the tensor " + quote_name(tensor.name) + " that is too large");
    }
    const GgmlBlock block = block_of(*type);
    if ((tensor.dims.empty() ? 1 : tensor.dims[0]) % block.elements != 0) {
      refuse("has the tensor " + quote_name(tensor.name) + " whose rows are not whole blocks of " + name_of(*type));
    }
    tensor.bytes = elements / block.elements * block.bytes;
  }

  void check_tiling(const std::vector<GgufTensor>& tensors, uint64_t data_bytes) const {
    uint64_t next = 0;
    for (const GgufTensor& tensor : tensors) {
      if (tensor.offset != next) refuse("has the tensor " + quote_name(tensor.name) + " that does not follow the one before it");
      if (next > data_bytes || tensor.bytes > data_bytes - next) refuse("ends within the tensor " + quote_name(tensor.name));
      next += (tensor.bytes + alignment_ - 1) / alignment_ * alignment_;
    }
  }

  const unsigned char* data_;
  uint64_t size_, at_ = 0, alignment_ = kGgufAlignment;
  std::string path_;
};

}  // namespace

struct GgufFile::Impl {
  explicit Impl(const std::string& path) : file(path) {
    HeaderReader(file, path).read(metadata, tensors, data_begin);
    for (size_t i = 0; i < tensors.size(); ++i) places.emplace(tensors[i].name, i);
  }
  MappedFile file;
  GgufMetadata metadata;
  std::vector<GgufTensor> tensors;
  std::unordered_map<std::string, size_t> places;
  uint64_t data_begin = 0;
};

uint64_t GgufTensor::elements() const {
  uint64_t count = 1;
  for (const uint64_t size : dims) count *= size;
  return count;
}

GgufFile::GgufFile(const std::string& path) : impl_(std::make_unique<Impl>(path)) {}
GgufFile::~GgufFile() = default;
const GgufMetadata& GgufFile::metadata() const { return impl_->metadata; }
const std::vector<GgufTensor>& GgufFile::tensors() const { return impl_->tensors; }

const GgufTensor* GgufFile::find(const std::string& name) const {
  const auto found = impl_->places.find(name);
  return found == impl_->places.end() ? nullptr : &impl_->tensors[found->second];
}

const void* GgufFile::data(const GgufTensor& tensor) const { return impl_->file.data() + impl_->data_begin + tensor.offset; }
void GgufFile::forget(const GgufTensor& tensor) const { impl_->file.forget(impl_->data_begin + tensor.offset, tensor.bytes); }

}  // namespace rankwise
