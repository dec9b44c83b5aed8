#pragma once
#include <string>

#include "model/config.h"

namespace rankwise {

// "model.layers.3.self_attn.q_proj.weight" → "blk.3.attn_q.weight".
std::string gguf_name(const std::string& name);

// Mistral's decoder is Llama's; readers know it by that name.
std::string gguf_architecture(const ModelConfig& config);

// Throws E_UNSUPPORTED for what readers of GGUF files would compute otherwise, or not at all.
void require_gguf(const ModelConfig& config);

// Heads by which the rows of a tensor change places in the file; 0 = they stand as they are.
int64_t gguf_heads(const ModelConfig& config, const std::string& name);

// Hugging Face rotates row i of a head with row i + dim/2, the llama readers 2i with 2i + 1: which row of the model stands at `row`.
int64_t gguf_source_row(int64_t row, int64_t rows, int64_t heads);

}  // namespace rankwise
