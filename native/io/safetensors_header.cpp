#include "io/safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "core/error.h"
#include "io/file_names.h"
#include "io/strict_json.h"

namespace rankwise {
namespace {

using nlohmann::json;

constexpr const char* kHint = "The file is damaged or was not written as safetensors; download or save it again.";

// Every element type of the format; those with a DType can be read, the others only have to be of the right size.
struct FormatType {
  const char* name;
  uint64_t bits;
  std::optional<DType> dtype;
};
constexpr std::array<FormatType, 22> kFormatTypes = {{
    {"BOOL", 8, {}},        {"F4", 4, {}},          {"F6_E2M3", 6, {}},   {"F6_E3M2", 6, {}},       {"U8", 8, DType::u8},
    {"I8", 8, {}},          {"F8_E5M2", 8, {}},     {"F8_E4M3", 8, {}},   {"F8_E8M0", 8, {}},       {"F8_E4M3FNUZ", 8, {}},
    {"F8_E5M2FNUZ", 8, {}}, {"I16", 16, {}},        {"U16", 16, {}},      {"F16", 16, DType::f16},  {"BF16", 16, DType::bf16},
    {"I32", 32, DType::i32}, {"U32", 32, {}},       {"F32", 32, DType::f32}, {"C64", 64, {}},       {"F64", 64, {}},
    {"I64", 64, DType::i64}, {"U64", 64, {}},
}};

struct Extent {
  uint64_t begin, end;
  std::string name;
};

class HeaderReader {
 public:
  HeaderReader(uint64_t data_bytes, const std::string& what) : data_bytes_(data_bytes), what_(what) {}

  SafetensorsHeader read(const json& root) {
    for (const auto& [name, value] : root.items()) {
      if (name == "__metadata__") {
        read_metadata(value);
      } else {
        read_tensor(name, value);
      }
    }
    check_tiling();
    std::sort(header_.tensors.begin(), header_.tensors.end(), [](const TensorInfo& a, const TensorInfo& b) {
      return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
    return std::move(header_);
  }

 private:
  [[noreturn]] void refuse(const std::string& fault) const { fail("E_SAFETENSORS", what_ + " " + fault + ".", kHint); }
  [[noreturn]] void refuse_tensor(const std::string& name, const std::string& fault) const {
    refuse("describes the tensor " + quote_name(name) + " wrongly: " + fault);
  }

  void read_metadata(const json& value) {
    if (value.is_null()) return;  // as the reference reader has it
    if (!value.is_object()) refuse("has a __metadata__ that is not an object");
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) refuse("has the metadata " + quote_name(key) + " that is not a string");
      header_.metadata.emplace(key, text.get<std::string>());
    }
  }

  void read_tensor(const std::string& name, const json& value) {
    if (!value.is_object()) refuse_tensor(name, "it is not an object");
    const json& dtype = member(name, value, "dtype");
    const FormatType& type = type_of(name, dtype);
    TensorInfo info;
    info.name = name;
    for (const json& dimension : list(name, value, "shape")) {
      const uint64_t size = whole_number(name, dimension, "shape");
      if (size > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) refuse_tensor(name, "its shape is too large");
      info.shape.push_back(static_cast<int64_t>(size));
    }
    const json& offsets = list(name, value, "data_offsets");
    if (offsets.size() != 2) refuse_tensor(name, "its data_offsets are not two numbers");
    info.begin = whole_number(name, offsets[0], "data_offsets");
    info.end = whole_number(name, offsets[1], "data_offsets");
    if (info.begin > info.end) refuse_tensor(name, "its data ends before it begins");
    if (info.end > data_bytes_) refuse_tensor(name, "its data lies beyond the end of the file");
    const std::string shape_of = what_ + " describes the tensor " + quote_name(name) + " wrongly: its shape";
    const uint64_t bits = checked_product(info.shape, type.bits, shape_of, "E_SAFETENSORS");
    if (bits % 8 != 0 || bits / 8 != info.end - info.begin) {
      refuse_tensor(name, "a " + std::string(type.name) + " tensor of shape " + shape_text(info.shape) + " does not take " +
                              std::to_string(info.end - info.begin) + " bytes");
    }
    extents_.push_back({info.begin, info.end, name});
    if (type.dtype) {
      info.dtype = *type.dtype;
      header_.tensors.push_back(std::move(info));
    } else {
      header_.foreign.emplace(name, type.name);
    }
  }

  const FormatType& type_of(const std::string& name, const json& dtype) const {
    if (!dtype.is_string()) refuse_tensor(name, "its dtype is not a string");
    const auto& text = dtype.get_ref<const std::string&>();
    const auto found = std::find_if(kFormatTypes.begin(), kFormatTypes.end(), [&](const FormatType& t) { return text == t.name; });
    if (found == kFormatTypes.end()) refuse_tensor(name, "the format has no dtype " + quote_name(text));
    return *found;
  }

  const json& member(const std::string& name, const json& value, const char* key) const {
    const auto found = value.find(key);
    if (found == value.end()) refuse_tensor(name, std::string("it has no ") + key);
    return *found;
  }

  const json& list(const std::string& name, const json& value, const char* key) const {
    const json& found = member(name, value, key);
    if (!found.is_array()) refuse_tensor(name, std::string("its ") + key + " is not a list");
    return found;
  }

  uint64_t whole_number(const std::string& name, const json& value, const char* key) const {
    if (!value.is_number_unsigned()) refuse_tensor(name, std::string("its ") + key + " holds something other than whole numbers");
    return value.get<uint64_t>();
  }

  void check_tiling() {
    std::sort(extents_.begin(), extents_.end(),
              [](const Extent& a, const Extent& b) { return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name); });
    uint64_t covered = 0;
    for (const Extent& extent : extents_) {
      if (extent.begin != covered) {
        refuse_tensor(extent.name, extent.begin > covered ? "there is a hole before its data" : "its data overlaps another tensor's");
      }
      covered = extent.end;
    }
    if (covered != data_bytes_) refuse("has " + std::to_string(data_bytes_ - covered) + " bytes that belong to no tensor");
  }

  uint64_t data_bytes_;
  std::string what_;
  SafetensorsHeader header_;
  std::vector<Extent> extents_;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json_text, uint64_t data_bytes, const std::string& what) {
  if (json_text.empty() || json_text[0] != '{') fail("E_SAFETENSORS", what + " has a header that does not begin with {.", kHint);
  const json root = parse_strict_json(json_text, what + " has a header that", "E_SAFETENSORS", kHint);
  return HeaderReader(data_bytes, what).read(root);
}

const char* format_name(DType type) {
  for (const FormatType& known : kFormatTypes) {
    if (known.dtype == type) return known.name;
  }
  return "?";
}

uint64_t checked_product(const std::vector<int64_t>& shape, uint64_t unit, const std::string& what, const std::string& code) {
  // The elements first and in order, as the reference does: a zero after an overflow does not heal it.
  uint64_t product = 1;
  const auto multiply = [&](uint64_t factor) {
    if (__builtin_mul_overflow(product, factor, &product) || product > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      fail(code, what + " is too large.");
    }
  };
  for (const int64_t size : shape) {
    if (size < 0) fail(code, what + " has a negative size.");
    multiply(static_cast<uint64_t>(size));
  }
  multiply(unit);
  return product;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size() && i < 8; ++i) text += (i ? " × " : "") + std::to_string(shape[i]);
  return text + (shape.size() > 8 ? " × …]" : "]");
}

}  // namespace rankwise
