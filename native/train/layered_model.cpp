#include "train/layered_model.h"

#include "model/attach.h"
#include "model/fused_modules.h"
#include "train/run_config.h"

namespace rankwise {

LayeredModel::LayeredModel(const Context& context, const InferenceSettings& settings)
    : context_(context), adapter_scale_(settings.adapter_scale), layout_(inference_layout(context, settings)) {
  const ModelConfig config = read_model_config(settings.model);
  source_ = model_source(settings.model, config);
  frame_ = allocate_frame(context, config, layout_);
  load_model(context, frame_, *source_);
  if (settings.adapter.empty()) return;
  adapter_ = std::make_unique<PeftAdapter>(settings.adapter);
  take_fused_layers_apart(config, *adapter_);
  require_layers(config, *adapter_);
}

Block LayeredModel::read_block(int64_t layer) {
  Block block = allocate_block(context_, frame_.config, layout_, layer);
  load_block(context_, block, *source_);
  if (adapter_) attach_adapter(context_, block, *adapter_, adapter_scale_);
  return block;
}

std::vector<Tensor> LayeredModel::hidden_states(const std::vector<Batch>& batches, const std::function<void(int64_t, int64_t)>& layer_done) {
  std::vector<Tensor> states;
  for (const Batch& batch : batches) {
    states.push_back(context_.lasting(context_.activation, batch.tokens(), frame_.config.hidden_size, Category::activations));
    embed(context_, frame_, batch.ids, states.back());
  }
  for (int64_t layer = 0; layer < frame_.config.layers; ++layer) {
    const Block block = read_block(layer);
    for (size_t i = 0; i < batches.size(); ++i) {
      const Tensor y = context_.passing(context_.activation, batches[i].tokens(), frame_.config.hidden_size, Category::activations);
      block_forward(context_, frame_, block, batches[i], states[i], y, nullptr);
      context_.ops.copy(y, states[i]);
    }
    layer_done(layer + 1, frame_.config.layers);
  }
  return states;
}

}  // namespace rankwise
