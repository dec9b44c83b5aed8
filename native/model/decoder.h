#pragma once
#include <array>
#include <vector>

#include "model/norms.h"

namespace rankwise {

// One micro-batch: `batch` sequences of `length` tokens, N = batch · length rows.
struct Batch {
  int64_t batch = 0;
  int64_t length = 0;
  View ids;            // [1 × N] i32
  View targets;        // [1 × N] i32: the next token, −100 = ignored
  View positions;      // [1 × N] i32: position within the document
  View segment_start;  // [1 × N] i32: where the document begins within the sequence
  int64_t tokens() const { return batch * length; }
};

// What a block's forward leaves for its backward. The block's input is kept by the caller; the normalized inputs and the gated
// product are cheap to make again and are not kept.
struct BlockActivations {
  Tensor rstd1, rstd2;  // [1 × N] f32
  Tensor q, k, v;       // rotated; [N × width]
  Tensor q_raw, k_raw, q_rstd, k_rstd;  // before their norm, where the model has one
  Tensor lse;
  Tensor mixed;         // attention's output [N × q_width]
  Tensor mid;           // residual stream between the two halves [N × d]
  Tensor gate, up;      // [N × f]
  HalfOutput attention_output, mlp_output;
  std::array<Tensor, kLinears> u;
};

// x [N × d]: the tokens' embeddings, scaled where the family does so.
void embed(const Context& context, const Model& model, const View& ids, const View& x);
// Adds to the embeddings' gradient, where they are trained. Destroys g, ∂L/∂x.
void embed_backward(const Context& context, const Model& model, const View& ids, const View& g);

// Attention of a block of this model: queries of `batch` sequences on as many keys, or more.
AttentionShape attention_shape(const ModelConfig& config, const Block& block, int64_t batch, int64_t queries, int64_t keys);
// Rotates queries or keys of a block in place; `inverse` turns a gradient back.
void rotate(const Context& context, const Model& model, const Block& block, const View& x, const View& positions, bool inverse);

// out = activation(gate) ⊙ up, all [N × f]; out may be gate.
void gate_forward(const Context& context, const ModelConfig& config, const View& gate, const View& up, const View& out);
// gate and up become their gradients; out (nullable): the product again.
void gate_backward(const Context& context, const ModelConfig& config, const View& dout, const View& gate, const View& up, const View* out);

// y [N × d] = block(x). With `keep`, `kept` receives what backward needs.
void block_forward(const Context& context, const Model& model, const Block& block, const Batch& batch, const View& x, const View& y,
                   BlockActivations* kept);
// g [N × d]: ∂L/∂y on entry, ∂L/∂x on return. Destroys the activations. Gradients go to the block's parameters.
void block_backward(const Context& context, const Model& model, Block& block, const Batch& batch, const View& x, BlockActivations& kept,
                    const View& g);

// Final norm, head and cross-entropy, fused over chunks of tokens: no [N × V] matrix exists. Writes losses [1 × N]; where
// `dx` is given also ∂(scale · Σ losses)/∂x and the gradients of norm and head.
void head_loss(const Context& context, Model& model, const View& x, const View& targets, const View& losses, float scale, const View* dx);
// logits [rows × V] f32 of rows of x.
void head_logits(const Context& context, const Model& model, const View& x, const View& logits);
// Tokens of one chunk of the head.
int64_t head_chunk_tokens(int64_t vocab_size, DType activation, int64_t tokens);

}  // namespace rankwise
