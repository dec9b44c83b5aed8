#include "core/error.h"
#include "events/loqt_merge.h"
#include "events/schedule.h"
#include "linalg/subspace.h"
#include "methods/families.h"

namespace rankwise {

namespace {

enum class EventPolicy : uint8_t { step_dense_only, skip_step, reference_hook };

// LoQT: quantized (or dense) weights, one-sided low-rank deltas whose fixed side comes from the gradient, merged on a schedule.
class Loqt : public Method {
 public:
  explicit Loqt(const MethodSettings& settings) : settings_(settings) {
    const auto& p = settings.parameters;
    loqt_.rank = p.at("rank");
    loqt_.scale = p.at("scale");
    loqt_.projector_nf4 = p.at("quantizeProjector") == "nf4";
    loqt_.double_quantize = settings.storage.double_quantize;
    loqt_.compensation = p.at("compensationIterations");
    loqt_.park = p.at("parkOnHost");
    loqt_.park_folder = p.value("parkFolder", std::string("."));
    loqt_.seed = settings.seed;
    schedule_.kind = p.at("schedule");
    schedule_.interval = p.at("interval");
    schedule_.growth = p.at("growth");
    schedule_.increment = p.at("increment");
    schedule_.largest_gap = p.at("largestGap");
    const std::string state = p.at("statePolicy"), event = p.at("eventPolicy");
    loqt_.state = state == "reset-first" ? StatePolicy::reset_first
                  : state == "reset-all" ? StatePolicy::reset_all
                  : state == "rotate"    ? StatePolicy::rotate
                                         : StatePolicy::keep;
    policy_ = event == "skip-step" ? EventPolicy::skip_step : event == "reference-hook" ? EventPolicy::reference_hook : EventPolicy::step_dense_only;
    if (loqt_.state == StatePolicy::rotate && settings.optimizer.state_bits != 32) {
      fail("E_RUN", "The state policy \"rotate\" needs 32-bit optimizer states.", "Set optimizer.stateBits to 32, or method.statePolicy to \"keep\".");
    }
  }

  StorageFormat layout(const std::string& name) const override {
    const StorageFormat trained{StorageKind::dense, trained_dtype(settings_), false};
    if (!settings_.targets.matches(name)) return trained;
    return settings_.storage.kind == StorageKind::nf4 ? settings_.storage : trained;  // dense weights take the merges: as trained ones
  }
  DType embedding_dtype() const override { return trained_dtype(settings_); }

  void attach(const Context& context, Model& model, const WeightSource&, ParameterList& parameters) override {
    train_rest(context, settings_, model, parameters);
    model.for_each_linear([&](Linear& linear) {
      if (!settings_.targets.matches(linear.name)) return train_dense(context, settings_, linear, parameters);
      auto slot = std::make_unique<LoqtSlot>(context, loqt_, linear, trained_dtype(settings_));
      Factor& factor = slot->trained();
      factor.parameter = &parameters.add(context, settings_, linear.name + ".loqt_factor", factor.storage.dense(), linear.unit, false);
      factor.parameter->set_rule(std::make_unique<AdamUpdate>(context, settings_.optimizer, *factor.parameter));
      slots_.push_back(std::move(slot));
    });
  }

  int64_t next_event(int64_t from) const override { return schedule_.next(from); }
  std::vector<int64_t> event_steps(int64_t end, size_t most) const override { return schedule_.steps(end, most); }
  const char* event_kind() const override { return "merge"; }

  void begin_step(const Context& context, Model&, const WeightSource&, int64_t step) override {
    if (!event_due(step)) return;
    for (auto& slot : slots_) slot->begin(context, step == 0);
  }

  void enter_unit(const Context& context, int unit, bool backward) override {
    for (auto& slot : slots_) {
      if (slot->linear().unit != unit || !slot->linear().probing) continue;
      slot->stand_in(context);
      if (backward && parks() && slot->linear().probe_written) slot->unpark(context);
    }
  }

  void leave_unit(const Context& context, int unit, bool backward) override {
    for (auto& slot : slots_) {
      if (slot->linear().unit != unit || !slot->linear().probing) continue;
      slot->drop_stand_in();
      if (backward && parks()) slot->park(context);
    }
  }

  void unit_ready(const Context& context, Model&, const WeightSource& source, int unit, int64_t step, EventReport& report) override {
    if (!event_due(step)) return;
    std::vector<LoqtSlot*> ready;
    for (auto& slot : slots_) {
      if (slot->linear().unit == unit) ready.push_back(slot.get());
    }
    if (ready.empty()) return;
    std::vector<Tensor> bases;
    std::vector<SubspaceTask> tasks;
    for (LoqtSlot* slot : ready) {
      bases.push_back(context.passing(DType::f32, slot->rank(), slot->small_side(), Category::events));
      tasks.push_back({slot->probe_gradient(), bases.back().view(), hash_name(slot->name().c_str())});
    }
    top_subspaces(context, tasks, loqt_.seed + static_cast<uint64_t>(step));
    report.kind = event_kind();
    for (size_t i = 0; i < ready.size(); ++i) {
      report.layers.push_back(ready[i]->rebuild(context, source, step == 0, bases[i]));
      bases[i].reset();
    }
  }

  UpdatePolicy policy(const Parameter& parameter, int64_t step) const override {
    if (!event_due(step)) return UpdatePolicy::normal;
    if (policy_ == EventPolicy::skip_step) return UpdatePolicy::none;
    const std::string& name = parameter.name();
    const std::string suffix = ".loqt_factor";
    const bool factor = name.size() > suffix.size() && name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0;
    if (!factor) return UpdatePolicy::normal;
    return policy_ == EventPolicy::reference_hook ? UpdatePolicy::zero_gradient : UpdatePolicy::none;
  }

  void visit(const StateVisitor& visitor) const override {
    for (const auto& slot : slots_) slot->visit(visitor);
  }

 private:
  // Within one micro-batch nothing waits.
  bool parks() const { return loqt_.park && settings_.accumulation > 1; }
  MethodSettings settings_;
  LoqtSettings loqt_;
  EventSchedule schedule_;
  EventPolicy policy_ = EventPolicy::step_dense_only;
  std::vector<std::unique_ptr<LoqtSlot>> slots_;
};

}  // namespace

std::unique_ptr<Method> make_loqt(const MethodSettings& settings) { return std::make_unique<Loqt>(settings); }

}  // namespace rankwise
