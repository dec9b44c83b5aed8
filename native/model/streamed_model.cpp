#include "model/streamed_model.h"

#include <algorithm>

#include "core/error.h"
#include "meta/backend.h"
#include "model/attach.h"
#include "model/fused_modules.h"

namespace rankwise {

StreamedModel::StreamedModel(const ModelConfig& config, const std::string& folder, const std::string& adapter, float adapter_scale)
    : config_(config), source_(model_source(folder, config)), adapter_scale_(adapter_scale) {
  Arena sizes(Arena::Kind::sizes_only, 0);
  MetaBackend ops(sizes, 1);
  const Context context{ops, sizes, Product::f32, DType::f32};
  ModelLayout layout;
  layout.linear = [](const std::string&) { return StorageFormat{StorageKind::dense, DType::f32, false}; };
  layout.positions = 1;
  Model model = allocate_model(context, config, layout);
  load_model(context, model, *source_);
  if (!adapter.empty()) {
    attach_adapter(context, model, adapter, adapter_scale);
    adapter_ = std::make_unique<PeftAdapter>(adapter);
    take_fused_layers_apart(config, *adapter_);
  }
  model.visit([&](const std::string& name, const View& view) {
    const bool vector = name.ends_with("norm.weight") || name.ends_with(".bias");
    entries_.push_back({name, view.rows, view.cols, vector});
  });
}

const StreamedModel::Entry& StreamedModel::entry(const std::string& name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& each) { return each.name == name; });
  if (found == entries_.end()) fail("E_TENSOR", "The model has no tensor " + name + ".");
  return *found;
}

void StreamedModel::read(const Context& context, const Entry& entry, const View& to) const {
  source_->fill(context, entry.name, to, entry.vector);
  if (!adapter_ || !entry.name.ends_with(".weight")) return;
  const std::string module = entry.name.substr(0, entry.name.size() - 7);
  if (adapter_->layers().count(module)) read_delta(context, *adapter_, module, adapter_scale_)->add_to(context, to);
}

}  // namespace rankwise
