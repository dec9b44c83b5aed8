#include "train/inference.h"

#include <cmath>

#include "core/error.h"
#include "core/text.h"
#include "meta/backend.h"
#include "model/attach.h"
#include "train/run_config.h"

namespace rankwise {

using nlohmann::json;

namespace {

std::string text_of(const json& job, const char* key) { return job.contains(key) && job[key].is_string() ? job[key].get<std::string>() : ""; }

// Large models take a while to load: a cancelled job ends at the next tensor.
class CancellableSource : public WeightSource {
 public:
  CancellableSource(const std::string& folder, const ModelConfig& config, const JobControl& control)
      : tensors_(model_source(folder, config)), control_(control) {}
  void fill(const Context& context, const std::string& tensor_name, const View& to, bool vector) const override {
    control_.require_not_cancelled();
    tensors_->fill(context, tensor_name, to, vector);
  }

 private:
  std::unique_ptr<WeightSource> tensors_;
  const JobControl& control_;
};

Model load(const Context& context, const InferenceSettings& settings, const JobControl& control) {
  Model model = allocate_model(context, read_model_config(settings.model), inference_layout(context, settings));
  load_model(context, model, CancellableSource(settings.model, model.config, control));
  if (!settings.adapter.empty()) attach_adapter(context, model, settings.adapter, settings.adapter_scale);
  return model;
}

uint64_t planned_bytes(const InferenceSettings& settings, const JobControl& control, const ModelUse& use) {
  Arena arena(Arena::Kind::sizes_only, 0);
  MetaBackend ops(arena, settings.device.threads, settings.device.kind);
  const Context context = inference_context(settings, ops, arena);
  Model model = load(context, settings, control);
  use(context, model);
  return arena.usage().peak_bytes;
}

Device open_device(const InferenceSettings& settings, const JobControl& control, const ModelUse& use) {
  if (settings.device.kind == DeviceKind::cpu) return Device(settings.device, 0, settings.budget);
  const uint64_t needed = planned_bytes(settings, control, use), budget = device_budget(settings.device, settings.budget);
  const DeviceChoice processor{DeviceKind::cpu, 0, settings.device.threads};
  if (budget && needed > budget) {
    if (settings.automatic) return Device(processor, 0, settings.budget);
    fail("E_BUDGET", "This needs " + human_bytes(needed) + " of the " + human_bytes(budget) + " that it may take of the card.",
         "Set device.backend to \"cpu\", or load the model with weights in nf4.");
  }
  try {
    return Device(settings.device, needed, settings.budget);
  } catch (const Error& e) {
    if (!settings.automatic || e.code() != "E_MEMORY") throw;  // the card is busy: a run may be training on it
  }
  return Device(processor, 0, settings.budget);
}

}  // namespace

Context inference_context(const InferenceSettings& settings, Backend& ops, Arena& arena) {
  return {ops, arena, settings.bf16 ? Product::bf16 : Product::f32, settings.bf16 ? DType::bf16 : DType::f32};
}

ModelLayout inference_layout(const Context& context, const InferenceSettings& settings) {
  const StorageFormat format{settings.nf4 ? StorageKind::nf4 : StorageKind::dense, context.activation, settings.double_quantize};
  ModelLayout layout;
  layout.linear = [format](const std::string&) { return format; };
  layout.embedding = layout.head = context.activation;
  layout.positions = settings.positions;
  return layout;
}

InferenceSettings parse_inference(const json& job) {
  InferenceSettings settings;
  settings.model = text_of(job, "model");
  settings.adapter = text_of(job, "adapter");
  if (settings.model.empty()) fail("E_JOB", "No model is named.", "Give the folder of a Hugging Face model.");
  const std::string precision = text_of(job, "precision"), storage = text_of(job, "storage");
  if (!precision.empty() && precision != "f32" && precision != "bf16") fail("E_JOB", "The precision \"" + precision + "\" is not known.", "Use f32 or bf16.");
  if (!storage.empty() && storage != "dense" && storage != "nf4") fail("E_JOB", "The storage \"" + storage + "\" is not known.", "Use dense or nf4.");
  settings.bf16 = precision == "bf16";
  settings.nf4 = storage == "nf4";
  settings.double_quantize = job.value("doubleQuantize", true);
  settings.adapter_scale = job.value("adapterScale", 1.0f);
  if (!std::isfinite(settings.adapter_scale)) fail("E_JOB", "The scale of the adapter is not a number.", "Use 1 for the adapter as it was trained.");
  settings.budget = job.value("memoryBudget", uint64_t{0});
  settings.device.threads = job.value("threads", 0);
  settings.device.index = job.value("deviceIndex", 0);
  const std::string backend = job.value("backend", std::string("auto"));
  settings.device.kind = chosen_device(backend, settings.device.index);
  settings.automatic = backend == "auto";
  return settings;
}

InferenceModel::InferenceModel(const InferenceSettings& settings, const JobControl& control, const ModelUse& use)
    : device_(open_device(settings, control, use)), context_(inference_context(settings, device_.ops(), device_.arena())), model_(load(context_, settings, control)) {}

}  // namespace rankwise
