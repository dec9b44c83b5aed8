#include "model/attach.h"

#include <set>

#include "core/error.h"
#include "model/fused_modules.h"
#include "ops/host_access.h"

namespace rankwise {

std::unique_ptr<LowRankDelta> read_delta(const Context& context, const PeftAdapter& adapter, const std::string& module, float factor) {
  const PeftAdapter::Layer& layer = adapter.layers().at(module);
  auto delta = std::make_unique<LowRankDelta>();
  delta->rank = layer.rank;
  delta->scale = layer.scale * factor;
  const StorageFormat format{StorageKind::dense, DType::f32, false};
  delta->a.storage = Weight(context, format, layer.rank, layer.in, Category::deltas, Lifetime::lasting);
  delta->b.storage = Weight(context, format, layer.out, layer.rank, Category::deltas, Lifetime::lasting);
  if (context.arena.real()) {
    HostWrite a(context, delta->a.storage.dense()), b(context, delta->b.storage.dense());
    adapter.read_a(module, a.as<float>());
    adapter.read_b(module, b.as<float>());
    a.done();
    b.done();
  }
  return delta;
}

void attach_adapter(const Context& context, Block& block, const PeftAdapter& adapter, float factor) {
  for (Linear& linear : block.linears) {
    const auto found = adapter.layers().find(linear.name);
    if (found == adapter.layers().end()) continue;
    const PeftAdapter::Layer& layer = found->second;
    if (layer.out != linear.out || layer.in != linear.in) {
      fail("E_ADAPTER", "The adapter's " + linear.name + " does not have the shape of the model's.", "It was made for another base model.");
    }
    linear.delta = read_delta(context, adapter, linear.name, factor);
  }
}

void require_layers(const ModelConfig& config, const PeftAdapter& adapter) {
  const std::set<std::string> known = linear_names(config);
  for (const auto& [name, layer] : adapter.layers()) {
    if (!known.count(name)) fail("E_ADAPTER", "The adapter has layers that the model does not have (" + name + ").", "It was made for another base model.");
  }
}

void attach_adapter(const Context& context, Model& model, const std::string& folder, float factor) {
  PeftAdapter adapter(folder);
  take_fused_layers_apart(model.config, adapter);
  require_layers(model.config, adapter);
  for (Block& block : model.blocks) attach_adapter(context, block, adapter, factor);
}

}  // namespace rankwise
