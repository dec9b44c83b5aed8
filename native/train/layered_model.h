#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "io/peft.h"
#include "model/decoder.h"
#include "train/inference.h"

namespace rankwise {

// A model that is read block by block while sequences go through it: embedding and head, one block and the sequences' hidden states are in
// memory, so that a model can be heard that is larger than the memory. Same numbers as the whole model.
class LayeredModel {
 public:
  // Throws what the readers throw, E_ADAPTER where the adapter does not fit.
  LayeredModel(const Context& context, const InferenceSettings& settings);

  // Hidden states of the last block [N × d] (before the final norm) for each batch. `layer_done` is called behind each block.
  std::vector<Tensor> hidden_states(const std::vector<Batch>& batches, const std::function<void(int64_t done, int64_t layers)>& layer_done);
  // The model without its blocks: what head_logits needs.
  const Model& frame() const { return frame_; }

 private:
  Block read_block(int64_t layer);

  const Context& context_;
  float adapter_scale_;
  ModelLayout layout_;
  Model frame_;
  std::unique_ptr<WeightSource> source_;
  std::unique_ptr<PeftAdapter> adapter_;
};

}  // namespace rankwise
