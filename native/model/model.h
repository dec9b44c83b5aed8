#pragma once
#include <array>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/context.h"
#include "linear/linear.h"
#include "model/config.h"
#include "storage/weight.h"
#include "update/parameter.h"

namespace rankwise {

// A trainable vector (norm gain), always f32.
struct Gain {
  std::string name;  // tensor name, e.g. "model.norm.weight"
  Tensor value;      // [1 × d]; empty where the model has no such norm
  Parameter* parameter = nullptr;
  bool around_zero = false;  // the norm multiplies by 1 + value
};

enum LinearSlot : int { kQ, kK, kV, kO, kGate, kUp, kDown, kLinears };

struct Block {
  std::array<Linear, kLinears> linears;
  Gain attention_norm, mlp_norm;              // of what the halves read
  Gain attention_after_norm, mlp_after_norm;  // of what they give
  Gain q_norm, k_norm;                        // as wide as a head, or as all of them
  int64_t window = 0;                         // keys that a query sees at most; 0 = no limit
  bool local_rope = false;                    // rotates by the model's local tables
  // All norms in a fixed order, also those that the model does not have.
  std::array<Gain*, 6> gains() { return {&attention_norm, &q_norm, &k_norm, &attention_after_norm, &mlp_norm, &mlp_after_norm}; }
  std::array<const Gain*, 6> gains() const { return {&attention_norm, &q_norm, &k_norm, &attention_after_norm, &mlp_norm, &mlp_after_norm}; }
};

// A decoder: weights in their storages, nothing else. Units are numbered as in Parameter.
struct Model {
  ModelConfig config;
  Weight embedding;  // [V × d], dense
  Parameter* embedding_parameter = nullptr;
  std::vector<Block> blocks;
  Gain final_norm;
  Weight head;  // [V × d], dense; empty where the embedding serves
  Parameter* head_parameter = nullptr;
  Tensor cos, sin;              // [positions × rotary_dim / 2] f32
  Tensor local_cos, local_sin;  // of blocks with local_rope, where there are any

  const Weight& head_weight() const { return head ? head : embedding; }
  Parameter* head_weight_parameter() const { return head ? head_parameter : embedding_parameter; }
  int last_unit() const { return static_cast<int>(blocks.size()) + 1; }
  // Every linear layer of the blocks, in order.
  void for_each_linear(const std::function<void(Linear&)>& visit);
  // Every weight and gain of the base model under its Hugging Face name, in a fixed order.
  void visit(const StateVisitor& visitor) const;
};

// Names of the linear layers of all blocks ("model.layers.0.self_attn.q_proj").
std::set<std::string> linear_names(const ModelConfig& config);

// In which storage each part of a model is to lie.
struct ModelLayout {
  std::function<StorageFormat(const std::string& linear_name)> linear;
  DType embedding = DType::f32;
  DType head = DType::f32;
  int64_t positions = 0;  // rows of the rotary tables
};

// Takes the memory of a model; the values are not set yet, but for the rotary tables.
Model allocate_model(const Context& context, const ModelConfig& config, const ModelLayout& layout);
// The same without blocks, and one of its blocks.
Model allocate_frame(const Context& context, const ModelConfig& config, const ModelLayout& layout);
Block allocate_block(const Context& context, const ModelConfig& config, const ModelLayout& layout, int64_t layer);

// Where the values of a model come from. `to` is f32 or bf16, contiguous, of the tensor's shape (vectors as one row).
class WeightSource {
 public:
  virtual ~WeightSource() = default;
  virtual void fill(const Context& context, const std::string& tensor_name, const View& to, bool vector) const = 0;
};
// A Hugging Face folder or a GGUF file with a model of this config; what a folder's files fuse is taken apart. Throws what ModelTensors or
// GgufFile throw.
std::unique_ptr<WeightSource> model_source(const std::string& path, const ModelConfig& config);
std::unique_ptr<WeightSource> gguf_source(const std::string& path);
// Matrices normal with the config's deviation, norms that multiply by 1, biases 0, keyed by seed and name.
std::unique_ptr<WeightSource> random_source(const ModelConfig& config, uint64_t seed);

// Sets every value. Quantized storages pass through one dense f32 matrix at a time.
void load_model(const Context& context, Model& model, const WeightSource& source);
void load_block(const Context& context, Block& block, const WeightSource& source);

}  // namespace rankwise
