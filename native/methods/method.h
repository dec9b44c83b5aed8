#pragma once
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/context.h"
#include "events/report.h"
#include "model/model.h"
#include "optim/moments.h"
#include "update/parameter.h"

namespace rankwise {

// Which linear layers a method acts on: "all-linear", "attention", "mlp", or patterns on module names (a suffix such as "q_proj", or
// with * for anything).
class Targets {
 public:
  Targets() = default;
  explicit Targets(const nlohmann::json& value);
  bool matches(const std::string& linear_name) const;
  bool whole_model() const { return patterns_.size() == 1 && patterns_[0] == "*"; }
  // Throws E_TARGETS naming the pattern that no layer of the model has.
  void require_all_used(const Model& model) const;

 private:
  std::vector<std::string> patterns_;
};

// What a method needs to know of the run that it serves.
struct MethodSettings {
  nlohmann::json parameters;     // the registry's, complete
  OptimizerSettings optimizer;
  Targets targets;
  StorageFormat storage;         // what storage.weights asks for; dense carries the precision's dtype for frozen weights
  bool bf16 = false;
  bool master_weights = true;    // bf16 runs: float32 copies of trained dense weights
  int accumulation = 1;
  bool per_layer = false;
  uint64_t seed = 0;
};

// The parameters of a run in a fixed order; they live as long as the run.
class ParameterList {
 public:
  Parameter& add(const Context& context, const MethodSettings& settings, const std::string& name, const View& value, int unit, bool decays);
  const std::vector<std::unique_ptr<Parameter>>& all() const { return list_; }

 private:
  std::vector<std::unique_ptr<Parameter>> list_;
};

// What happens to a parameter at a step at which a method's event takes place.
enum class UpdatePolicy : uint8_t { normal, none, zero_gradient };

// One run's instance of a method: it decides how the model lies in memory, attaches deltas, parameters and update rules, and
// carries out its events around the steps of the trainer.
class Method {
 public:
  virtual ~Method() = default;
  // How a linear layer is to be stored.
  virtual StorageFormat layout(const std::string& linear_name) const = 0;
  // How embedding and head are to be stored.
  virtual DType embedding_dtype() const = 0;
  // After the model is loaded: deltas, parameters, rules. `source` gives the unquantized weights again.
  virtual void attach(const Context& context, Model& model, const WeightSource& source, ParameterList& parameters) = 0;

  // The first step ≥ `from` at which an event of the method takes place; −1 = none.
  virtual int64_t next_event(int64_t from) const { return -1; }
  bool event_due(int64_t step) const { return next_event(step) == step; }
  // The first `most` events at steps below `end`, in order.
  virtual std::vector<int64_t> event_steps(int64_t end, size_t most) const;
  // What its events are called in the event stream: "merge", "refresh".
  virtual const char* event_kind() const { return ""; }
  // Before the first micro-batch of a step.
  virtual void begin_step(const Context& context, Model& model, const WeightSource& source, int64_t step) {}
  // Around every unit's forward, and around its backward with what is computed again for it, in the micro-batches of an event step. The
  // last backward ends with unit_ready instead of leave_unit.
  virtual void enter_unit(const Context& context, int unit, bool backward) {}
  virtual void leave_unit(const Context& context, int unit, bool backward) {}
  // In the last micro-batch's backward, when a unit's gradients are complete.
  virtual void unit_ready(const Context& context, Model& model, const WeightSource& source, int unit, int64_t step, EventReport& report) {}
  virtual UpdatePolicy policy(const Parameter& parameter, int64_t step) const { return UpdatePolicy::normal; }
  virtual void visit(const StateVisitor& visitor) const {}

  // What the run leaves: a PEFT adapter, a whole model, or both.
  virtual bool writes_adapter() const { return false; }
  virtual bool writes_model() const { return true; }
  virtual nlohmann::json peft_config() const { return nullptr; }
};

// Dense weights in a type that can be trained: float32 (the master copy; products round it while packing) unless a bf16 run does
// without masters.
DType trained_dtype(const MethodSettings& settings);

// Trains a linear layer's own weight and bias with AdamW, or with the rule that `rule` makes.
void train_dense(const Context& context, const MethodSettings& settings, Linear& linear, ParameterList& parameters);
// Trains embedding, head, norms and biases.
void train_rest(const Context& context, const MethodSettings& settings, Model& model, ParameterList& parameters);

}  // namespace rankwise
