#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "core/arena.h"
#include "core/job_control.h"
#include "model/model.h"
#include "train/device.h"

namespace rankwise {

// A model folder loaded to be used, not trained, with an adapter beside its weights if asked for.
struct InferenceSettings {
  std::string model;
  std::string adapter;  // empty = none
  float adapter_scale = 1.0f;  // factor on what the adapter adds
  bool bf16 = false;
  bool nf4 = false;
  bool double_quantize = false;
  uint64_t budget = 0;
  DeviceChoice device;
  bool automatic = false;  // the processor will do where the card has too little free
  int64_t positions = 0;  // rows of the rotary tables
};

// Reads {model, adapter?, adapterScale?, precision?, storage?, doubleQuantize?, memoryBudget?, threads?, backend?, deviceIndex?} of a job.
InferenceSettings parse_inference(const nlohmann::json& job);

// Products and activations as the settings ask for, and the storages that go with them.
Context inference_context(const InferenceSettings& settings, Backend& ops, Arena& arena);
ModelLayout inference_layout(const Context& context, const InferenceSettings& settings);

// What a job does with a model. On a card it is first gone through on `meta`, for its sizes.
using ModelUse = std::function<void(const Context& context, Model& model)>;

class InferenceModel {
 public:
  // `control` is looked at before every tensor that is loaded: throws E_CANCELLED. `use`: what will take the most memory of what is to
  // come; a card reserves that much and no more.
  InferenceModel(const InferenceSettings& settings, const JobControl& control, const ModelUse& use);
  const Context& context() const { return context_; }
  Model& model() { return model_; }
  const Arena& arena() const { return device_.arena(); }

 private:
  Device device_;
  Context context_;
  Model model_;
};

}  // namespace rankwise
