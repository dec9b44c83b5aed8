#pragma once
#include <string>
#include <utility>
#include <vector>

#include "io/gguf.h"
#include "model/config.h"

// How a family's models are written for llama.cpp and what else reads its files: names, keys, what changes on the way, and what cannot be
// said. Reading them has a table of its own (gguf_source.h), so that one proves the other.
namespace rankwise {

// Throws E_UNSUPPORTED for what readers of GGUF files would compute otherwise, or not at all.
void require_gguf(const ModelConfig& config);

// What readers call the family: "gemma3_text" → "gemma3". Mistral's decoder is Llama's; they know it by that name.
std::string gguf_architecture(const ModelConfig& config);

// "model.layers.3.self_attn.q_proj.weight" → "blk.3.attn_q.weight". Tensors of one name are one in the file, each below the one before
// (Phi-3's attn_qkv, and gate and up in ffn_up).
std::string gguf_name(const ModelConfig& config, const std::string& name);

// Heads by which the rows of a tensor change places in the file; 0 = they stand as they are.
int64_t gguf_heads(const ModelConfig& config, const std::string& name);
// Hugging Face rotates row i of a head with row i + dim/2, the llama readers 2i with 2i + 1: which row of the model stands at `row`.
int64_t gguf_source_row(int64_t row, int64_t rows, int64_t heads);

// Whether the file holds 1 + gain where the model holds the gain of a norm (Gemma).
bool gguf_adds_one(const ModelConfig& config, const std::string& name);

// Positions that a file says it is for: within a window that readers do not know, attention is the same without it.
int64_t gguf_context(const ModelConfig& config);

// Keys of the model's shape.
GgufMetadata gguf_shape(const ModelConfig& config);
// Tensors that are no weights: what the frequencies of the rotary table are divided by.
std::vector<std::pair<std::string, std::vector<float>>> gguf_rotary_tensors(const ModelConfig& config);

}  // namespace rankwise
