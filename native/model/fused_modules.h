#pragma once
#include <string>
#include <vector>

#include "io/peft.h"
#include "model/config.h"
#include "model/model.h"

namespace rankwise {

// Where the linear layer of the engine lies in its family's own files: rows [first_row, first_row + its own) of a matrix of `rows`
// rows that belongs to `module`.
struct FilePlace {
  std::string module;
  int64_t first_row = 0;
  int64_t rows = 0;  // 0 = the layer's own: it lies there alone
};

// Phi-3 keeps q, k and v in one matrix (qkv_proj), gate and up in another (gate_up_proj); the engine keeps them apart, as every other
// family does. `module` is the engine's path of the layer ("model.layers.0.self_attn.q_proj").
FilePlace place_in_files(const ModelConfig& config, const std::string& module);

// A matrix of the family's files, and the layers of a block that are its rows, from the first on.
struct FileMatrix {
  struct Part {
    const Linear* linear;
    int64_t first_row;
  };
  std::string module;
  int64_t rows = 0;
  std::vector<Part> parts;
};
std::vector<FileMatrix> file_matrices(const ModelConfig& config, const Block& block);

// The layers of an adapter under the engine's names. Throws E_ADAPTER where a fused layer has another number of rows than the model's.
void take_fused_layers_apart(const ModelConfig& config, PeftAdapter& adapter);

}  // namespace rankwise
