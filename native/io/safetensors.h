#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/dtype.h"

namespace rankwise {

struct TensorInfo {
  std::string name;
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
  uint64_t begin = 0;  // within the data section
  uint64_t end = 0;
  uint64_t elements() const;
};

// A safetensors file mapped read-only and checked before anything is handed out (methods/merge-compress.md part G): header
// length, UTF-8, JSON shape, no duplicate keys, offsets that tile the data exactly, sizes that match shapes without overflow.
// Anything else throws E_SAFETENSORS naming the file and the fault.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::string& path);
  ~SafetensorsFile();
  SafetensorsFile(const SafetensorsFile&) = delete;
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;

  const std::vector<TensorInfo>& tensors() const;  // in file order
  // Tensors of types that DType lacks (F64, BOOL, F8_…): name → the format's name of the type. They are checked like the others
  // and can be neither found nor read.
  const std::map<std::string, std::string>& foreign() const;
  const std::map<std::string, std::string>& metadata() const;
  const TensorInfo* find(const std::string& name) const;  // null if absent
  const void* data(const TensorInfo& info) const;         // valid while the file lives; not necessarily aligned
  void forget(const TensorInfo& info) const;              // lets go of the pages of its data; they come back when touched
  const std::string& path() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The tensors of a model folder: model.safetensors, or the shards that model.safetensors.index.json names (each shard inside the
// folder; a name in two shards, or missing from its shard, is refused). Pickle files are refused with E_PICKLE.
class ModelTensors {
 public:
  explicit ModelTensors(const std::string& folder);
  ~ModelTensors();
  // Tensors of types that the engine does not read are counted here; info() and read() refuse them by name.
  bool has(const std::string& name) const;
  std::vector<std::string> names() const;
  // Copies a tensor of exactly this shape into `to` (f32 or bf16, contiguous), converting from f32, bf16 or f16.
  // Throws E_TENSOR naming what is missing or how the shape differs.
  void read(const std::string& name, const std::vector<int64_t>& shape, DType dtype, void* to) const;
  // Rows [first, first + count) alone of a matrix of exactly this shape.
  void read_rows(const std::string& name, const std::vector<int64_t>& shape, int64_t first, int64_t count, DType dtype, void* to) const;
  // Throws what read() would throw for it.
  void require(const std::string& name, const std::vector<int64_t>& shape) const;
  const TensorInfo& info(const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Writes one safetensors file, tensor by tensor in the order given, to `path` + ".part", synced and renamed by finish().
// Destroyed without finish(), it leaves nothing behind. Throws E_WRITE (full disk included). The format has no padding between
// tensors: give them in safetensors_order() where other programs, which want natural alignment, read the file.
class SafetensorsWriter {
 public:
  struct Entry {
    std::string name;
    DType dtype;
    std::vector<int64_t> shape;
  };
  SafetensorsWriter(const std::string& path, const std::vector<Entry>& entries, const std::map<std::string, std::string>& metadata);
  ~SafetensorsWriter();
  void write(const void* data, uint64_t bytes);  // the next bytes of the data section
  std::string finish();                          // SHA-256 of the whole file, in hex

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The reference writer's order: types with the largest alignment first, then by name.
std::vector<SafetensorsWriter::Entry> safetensors_order(std::vector<SafetensorsWriter::Entry> entries);

}  // namespace rankwise
