#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "methods/method.h"
#include "model/decoder.h"
#include "train/evaluate.h"
#include "train/run_config.h"
#include "train/token_data.h"

namespace rankwise {

struct StepResult {
  double loss = 0;
  double gradient_norm = 0;
  double learning_rate = 0;
  int64_t tokens = 0;
  bool finite = true;
  EventReport event;
};

// A run's tensors and the code that moves them: the same on a device and on `meta`, where it gives the plan.
class Session {
 public:
  // Takes the memory of the model, deltas, states and buffers, and sets their first values (on `meta`: nothing but sizes).
  Session(Backend& ops, Arena& arena, const RunConfig& config, bool recompute);

  // One optimizer step over the accumulation window. `files` may be null on meta.
  StepResult step(int64_t index, const TokenFile* file, const SequenceOrder* order);
  // Mean loss over the evaluation sequences: of `order`'s part that was set aside, or of the whole file where order is null.
  EvalResult evaluate(const TokenFile* file, const SequenceOrder* order);
  // Continues a prompt greedily (temperature 0) with the model as it stands.
  std::vector<int32_t> sample(const std::vector<int32_t>& prompt, int64_t tokens);

  // Everything that training changes, in a fixed order: checkpoints are made of it.
  void visit_state(const StateVisitor& visitor);
  // Update counts of the moments, by parameter.
  nlohmann::json counters() const;
  void restore_counters(const nlohmann::json& counters);
  // SHA-256 over every trained tensor and the base weights as they stand.
  std::string parameter_hash();
  // Writes output/adapter and/or output/model.
  void save(const std::string& output);

  Model& model() { return model_; }
  const Context& context() const { return context_; }
  const Method& method() const { return *method_; }

 private:
  void forward_backward(const Batch& batch, int64_t index, float scale, bool last, bool event, StepResult& result);
  void finish_unit(int unit, int64_t index, bool event, StepResult& result);
  void update(Parameter& parameter, int64_t index, float gradient_scale, EventReport& report);
  double squared_gradient_norm(int unit);
  StepInfo info(int64_t index, float gradient_scale) const;

  RunConfig config_;
  bool recompute_;
  Context context_;
  std::unique_ptr<Method> method_;
  std::unique_ptr<WeightSource> source_;
  Model model_;
  ParameterList parameters_;
  std::optional<BatchBuffer> batch_;
  Tensor losses_;
};

}  // namespace rankwise
