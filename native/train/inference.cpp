#include "train/inference.h"

#include <cmath>

#include "core/error.h"
#include "model/save.h"
#include "train/run_config.h"

namespace rankwise {

using nlohmann::json;

namespace {

std::string text_of(const json& job, const char* key) { return job.contains(key) && job[key].is_string() ? job[key].get<std::string>() : ""; }

// Large models take a while to load: a cancelled job ends at the next tensor.
class CancellableSource : public WeightSource {
 public:
  CancellableSource(const std::string& folder, const JobControl& control) : tensors_(folder_source(folder)), control_(control) {}
  void fill(const Context& context, const std::string& tensor_name, const View& to, bool vector) const override {
    control_.require_not_cancelled();
    tensors_->fill(context, tensor_name, to, vector);
  }

 private:
  std::unique_ptr<WeightSource> tensors_;
  const JobControl& control_;
};

}  // namespace

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
  settings.device.kind = chosen_device(job.value("backend", std::string("auto")), settings.device.index);
  return settings;
}

InferenceModel::InferenceModel(const InferenceSettings& settings, const JobControl& control)
    : device_(settings.device, 0, settings.budget),
      context_{device_.ops(), device_.arena(), settings.bf16 ? Product::bf16 : Product::f32, settings.bf16 ? DType::bf16 : DType::f32} {
  const ModelConfig config = read_model_config(settings.model);
  ModelLayout layout;
  layout.linear = [&](const std::string&) {
    return StorageFormat{settings.nf4 ? StorageKind::nf4 : StorageKind::dense, context_.activation, settings.double_quantize};
  };
  layout.embedding = layout.head = context_.activation;
  layout.positions = settings.positions;
  model_ = allocate_model(context_, config, layout);
  load_model(context_, model_, CancellableSource(settings.model, control));
  if (!settings.adapter.empty()) attach_adapter(context_, model_, settings.adapter, settings.adapter_scale);
}

}  // namespace rankwise
