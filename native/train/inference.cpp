#include "train/inference.h"

#include "core/error.h"
#include "model/save.h"
#include "train/run_config.h"

namespace rankwise {

using nlohmann::json;

namespace {

std::string text_of(const json& job, const char* key) { return job.contains(key) && job[key].is_string() ? job[key].get<std::string>() : ""; }

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
  settings.budget = job.value("memoryBudget", uint64_t{0});
  settings.device.threads = job.value("threads", 0);
  settings.device.index = job.value("deviceIndex", 0);
  settings.device.kind = chosen_device(job.value("backend", std::string("auto")), settings.device.index);
  return settings;
}

InferenceModel::InferenceModel(const InferenceSettings& settings)
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
  load_model(context_, model_, *folder_source(settings.model));
  if (!settings.adapter.empty()) attach_adapter(context_, model_, settings.adapter);
}

}  // namespace rankwise
