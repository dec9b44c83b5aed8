#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "io/file_names.h"
#include "io/files.h"
#include "io/float_formats.h"
#include "io/safetensors_header.h"
#include "io/strict_json.h"

namespace rankwise {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr uint64_t kMostIndexBytes = 100'000'000;
constexpr uint64_t kForgetBytes = 16u << 20;  // converted between two calls that let go of the source's pages

bool is_pickle_name(const std::string& name) {
  const std::string extension = fs::path(name).extension().string();
  return extension == ".bin" || extension == ".pt" || extension == ".pth" || extension == ".ckpt" || extension == ".pkl";
}

[[noreturn]] void fail_pickle(const std::string& what) {
  fail("E_PICKLE", what + ", which can run code when it is read.",
       "Convert the model to safetensors with a tool that you trust, or download its safetensors version.");
}

// Tensor → shard, from model.safetensors.index.json.
std::map<std::string, std::string> read_weight_map(const std::string& folder, const std::string& path) {
  const std::string hint = "Download the model again.";
  const auto refuse = [&](const std::string& fault) { fail("E_SAFETENSORS", "The file " + path + " " + fault + ".", hint); };
  const json index = parse_strict_json(read_file(path, kMostIndexBytes), "The file " + path, "E_SAFETENSORS", hint);
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object()) refuse("has no weight_map");
  std::map<std::string, std::string> shard_of;
  for (const auto& [name, value] : index["weight_map"].items()) {
    if (!value.is_string()) refuse("names no file for the tensor " + quote_name(name));
    const std::string shard = value.get<std::string>();
    if (!is_plain_file_name(shard)) refuse("names " + quote_name(shard) + ", which is not a file of the folder");
    if (is_pickle_name(shard)) fail_pickle("The file " + path + " names the pickle file " + quote_name(shard));
    shard_of.emplace(name, shard);
  }
  if (shard_of.empty()) refuse("names no tensor");
  return shard_of;
}

[[noreturn]] void fail_without_model(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (is_pickle_name(name)) fail_pickle("The folder " + folder + " holds only the pickle file " + quote_name(name));
  }
  fail("E_READ", "The folder " + folder + " holds no model.safetensors.", "Name the folder of a Hugging Face model.");
}

struct Place {
  size_t file;
  const TensorInfo* info;      // null for a tensor of a type that the engine does not read
  const char* foreign_type;    // then its name
};

}  // namespace

struct ModelTensors::Impl {
  explicit Impl(const std::string& name) : folder(name) {
    const std::string single = folder + "/model.safetensors";
    const std::string index = folder + "/model.safetensors.index.json";
    std::error_code error;
    if (fs::exists(single, error)) {
      add_file(single, [](const std::string&) { return true; });
    } else if (fs::exists(index, error)) {
      open_shards(read_weight_map(folder, index), index);
    } else {
      fail_without_model(folder);
    }
  }

  // Puts the tensors that `listed` accepts into `places`.
  template <class Listed>
  void add_file(const std::string& path, const Listed& listed) {
    files.push_back(std::make_unique<SafetensorsFile>(path));
    const SafetensorsFile& file = *files.back();
    const auto add = [&](const std::string& name, Place place) {
      if (listed(name)) places.emplace(name, place);
    };
    for (const TensorInfo& info : file.tensors()) add(info.name, {files.size() - 1, &info, nullptr});
    for (const auto& [name, type] : file.foreign()) add(name, {files.size() - 1, nullptr, type.c_str()});
  }

  void open_shards(const std::map<std::string, std::string>& shard_of, const std::string& index) {
    std::vector<std::string> shards;
    for (const auto& [name, shard] : shard_of) shards.push_back(shard);
    std::sort(shards.begin(), shards.end());
    shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
    std::map<std::string, std::string> found_in;
    for (const std::string& shard : shards) {
      add_file(folder + "/" + shard, [&](const std::string& name) {
        const auto [other, fresh] = found_in.emplace(name, shard);
        if (!fresh) {
          fail("E_SAFETENSORS",
               "The tensor " + quote_name(name) + " is in two shards of " + folder + ": " + other->second + " and " + shard + ".",
               "Download the model again.");
        }
        const auto entry = shard_of.find(name);
        return entry != shard_of.end() && entry->second == shard;
      });
    }
    for (const auto& [name, shard] : shard_of) {
      if (!places.contains(name)) {
        fail("E_TENSOR", "The tensor " + quote_name(name) + " is not in " + shard + ", where " + index + " says it is.",
             "Download the model again.");
      }
    }
  }

  const Place& place(const std::string& name) const {
    const auto found = places.find(name);
    if (found == places.end()) {
      fail("E_TENSOR", "The model " + folder + " has no tensor " + quote_name(name) + ".", "Its config.json may describe another model.");
    }
    return found->second;
  }

  const TensorInfo& info(const std::string& name) const {
    const Place& at = place(name);
    if (!at.info) {
      fail("E_TENSOR",
           "The tensor " + quote_name(name) + " of " + folder + " has the type " + at.foreign_type + ", which is not supported.",
           "Use a version of the model in float32, bfloat16 or float16.");
    }
    return *at.info;
  }

  std::string folder;
  std::vector<std::unique_ptr<SafetensorsFile>> files;
  std::map<std::string, Place> places;
};

ModelTensors::ModelTensors(const std::string& folder) : impl_(std::make_unique<Impl>(folder)) {}
ModelTensors::~ModelTensors() = default;

bool ModelTensors::has(const std::string& name) const { return impl_->places.contains(name); }

std::vector<std::string> ModelTensors::names() const {
  std::vector<std::string> names;
  for (const auto& [name, place] : impl_->places) names.push_back(name);
  return names;
}

const TensorInfo& ModelTensors::info(const std::string& name) const { return impl_->info(name); }

void ModelTensors::require(const std::string& name, const std::vector<int64_t>& shape) const {
  const TensorInfo& info = impl_->info(name);
  if (info.shape != shape) {
    fail("E_TENSOR",
         "The tensor " + quote_name(name) + " of " + impl_->folder + " has the shape " + shape_text(info.shape) + " instead of " +
             shape_text(shape) + ".",
         "Its config.json may describe another model.");
  }
  if (info.dtype != DType::f32 && info.dtype != DType::bf16 && info.dtype != DType::f16) {
    fail("E_TENSOR",
         "The tensor " + quote_name(name) + " of " + impl_->folder + " has the type " + format_name(info.dtype) +
             ", which holds no weights.",
         "Use a version of the model in float32, bfloat16 or float16.");
  }
}

void ModelTensors::read(const std::string& name, const std::vector<int64_t>& shape, DType dtype, void* to) const {
  read_rows(name, shape, 0, shape.empty() ? 0 : shape[0], dtype, to);
}

void ModelTensors::read_rows(const std::string& name, const std::vector<int64_t>& shape, int64_t first, int64_t count, DType dtype, void* to) const {
  require(name, shape);
  const TensorInfo& info = impl_->info(name);
  const SafetensorsFile& file = *impl_->files[impl_->place(name).file];
  const uint64_t unit = bytes_of(info.dtype), row = shape.empty() || shape[0] == 0 ? 0 : (info.end - info.begin) / static_cast<uint64_t>(shape[0]);
  const uint64_t begin = info.begin + static_cast<uint64_t>(first) * row, end = begin + static_cast<uint64_t>(count) * row;
  const auto* from = static_cast<const char*>(file.data(info)) + (begin - info.begin);
  TensorInfo piece = info;
  piece.begin = begin;
  while (piece.begin < end) {
    piece.end = std::min(end, piece.begin + kForgetBytes);
    const uint64_t done = (piece.begin - begin) / unit, elements = (piece.end - piece.begin) / unit;
    convert_floats(info.dtype, from + done * unit, dtype, static_cast<char*>(to) + done * bytes_of(dtype), elements);
    file.forget(piece);
    piece.begin = piece.end;
  }
}

}  // namespace rankwise
