#pragma once
#include <string>

#include "io/gguf.h"
#include "model/config.h"

namespace rankwise {

// Whether a path names a file of the GGUF format (its first bytes say so) and not a folder.
bool is_gguf(const std::string& path);

// The architecture that a GGUF file describes, checked as a config.json is. Throws E_UNSUPPORTED for what the engine does not
// compute, E_GGUF for keys that are missing.
ModelConfig gguf_model_config(const GgufFile& file);

// A GGUF tensor as Hugging Face has it: its name, and where its rows stand.
struct GgufOrigin {
  std::string name;
  int64_t heads = 0;  // rows are in the order of the llama readers, by this many heads; 0 = as they stand

  // Row of the file in which row `row` of `rows` of the model lies.
  int64_t file_row(int64_t row, int64_t rows) const;
};
// Throws E_UNSUPPORTED for a tensor that is none of the model's.
GgufOrigin gguf_origin(const std::string& tensor_name, const ModelConfig& config, bool llama);

}  // namespace rankwise
