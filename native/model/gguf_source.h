#pragma once
#include <string>
#include <vector>

#include "io/gguf.h"
#include "model/config.h"

namespace rankwise {

// Whether a path names a file of the GGUF format (its first bytes say so) and not a folder.
bool is_gguf(const std::string& path);

// The architecture that a GGUF file describes, checked as a config.json is. Throws E_UNSUPPORTED for what the engine does not
// compute, E_GGUF for keys that are missing.
ModelConfig gguf_model_config(const GgufFile& file);

// Whether a tensor is part of the rotary settings (gguf_model_config reads it) and not of the weights.
bool gguf_is_rotary(const std::string& tensor_name, const ModelConfig& config);

// A tensor of the engine, and where its rows stand in a GGUF tensor.
struct GgufOrigin {
  std::string name;           // as Hugging Face has it
  int64_t heads = 0;          // rows are in the order of the llama readers, by this many heads; 0 = as they stand
  int64_t first_row = 0;      // where they begin …
  int64_t of_rows = 0;        // … of as many rows; 0 = the tensor has no others
  bool holds_one_more = false;  // the file has 1 + gain

  // Row of the file in which row `row` of `rows` of the model lies.
  int64_t file_row(int64_t row, int64_t rows) const;
  // The GGUF tensor's, where the engine's is [rows × cols].
  std::vector<uint64_t> dims(int64_t rows, int64_t cols, bool vector) const;
};
// What a GGUF tensor holds, from its first row on. Throws E_UNSUPPORTED for a tensor that is none of the model's.
std::vector<GgufOrigin> gguf_origins(const std::string& tensor_name, const ModelConfig& config);

}  // namespace rankwise
