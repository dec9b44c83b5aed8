#include "train/plan.h"

#include <algorithm>
#include <functional>

#include "core/error.h"
#include "core/process_memory.h"
#include "core/text.h"
#include "meta/backend.h"
#include "train/session.h"

namespace rankwise {

namespace {

constexpr size_t kMostEvents = 10000;

struct Measured {
  ArenaUsage usage;
  std::map<std::string, uint64_t> phases;
  double operations_per_step = 0;
  std::string event_kind;
  std::vector<int64_t> event_steps;
};

// The first steps of either kind. What a step takes depends on its kind alone, because no step leaves anything behind.
std::vector<int64_t> representative_steps(const RunConfig& config, const Method& method) {
  std::vector<int64_t> steps;
  int64_t event = method.next_event(0);
  for (int i = 0; i < 3 && event >= 0 && event < config.steps; ++i, event = method.next_event(event + 1)) steps.push_back(event);
  for (int64_t step = 0, plain = 0; step < config.steps && plain < 2 && step < 1000; ++step) {
    if (method.event_due(step)) continue;
    steps.push_back(step);
    ++plain;
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

Measured measure(const RunConfig& config, bool recompute) {
  Measured measured;
  Arena arena(Arena::Kind::sizes_only, 0);
  MetaBackend ops(arena, config.device.threads, config.device.kind);
  Session session(ops, arena, config, recompute);
  auto close_phase = [&](const char* name) {
    uint64_t& peak = measured.phases[name];
    peak = std::max(peak, arena.phase_peak());
    arena.reset_phase_peak();
  };
  close_phase("load");
  for (int64_t step : representative_steps(config, session.method())) {
    const bool event = session.method().event_due(step);
    const double before = ops.operations();
    session.step(step, nullptr, nullptr);
    if (!event) measured.operations_per_step = ops.operations() - before;
    close_phase(event ? "event" : "step");
  }
  if (config.has_eval) {
    session.evaluate(nullptr, nullptr);
    close_phase("evaluation");
  }
  for (const SamplePrompt& sample : config.samples) {
    session.sample(sample.ids, config.sample_tokens);
    close_phase("sample");
  }
  session.save("");
  close_phase("save");
  measured.event_kind = session.method().event_kind();
  measured.event_steps = session.method().event_steps(config.steps, kMostEvents);
  measured.usage = arena.usage();
  return measured;
}

// Changes that cost little first; each is tried alone.
void suggest(const RunConfig& config, MemoryPlan& plan) {
  auto attempt = [&](const std::string& change, const std::function<void(RunConfig&)>& apply) {
    RunConfig changed = config;
    apply(changed);
    try {
      const uint64_t bytes = measure(changed, changed.recompute == "blocks" || (changed.recompute == "auto" && plan.recompute)).usage.peak_bytes;
      if (bytes < plan.plan_bytes) plan.suggestions.push_back({change, plan.plan_bytes - bytes});
    } catch (const Error&) {
      // The change does not go with the rest of the run: not a suggestion.
    }
  };
  if (!plan.recompute) attempt("training.recompute: \"blocks\"", [](RunConfig& c) { c.recompute = "blocks"; });
  if (config.optimizer.state_bits != 8) {
    attempt("optimizer.stateBits: " + std::to_string(config.optimizer.state_bits) + " → 8", [](RunConfig& c) { c.optimizer.state_bits = 8; });
  }
  if (!config.per_layer && config.accumulation == 1) {
    attempt("optimizer.perLayerUpdates: true (and training.clipNorm: null)", [](RunConfig& c) {
      c.per_layer = true;
      c.clip_norm = 0;
    });
  }
  if (config.micro_batch > 1) {
    const int64_t half = config.micro_batch / 2;
    attempt("training.microBatch: " + std::to_string(config.micro_batch) + " → " + std::to_string(half) + " (and gradientAccumulation × 2)", [half](RunConfig& c) {
      c.micro_batch = half;
      c.accumulation *= 2;
    });
  }
  if (!config.nf4) attempt("storage.weights: \"nf4\"", [](RunConfig& c) { c.nf4 = true; });
  if (config.nf4 && !config.double_quantize) attempt("storage.doubleQuantize: true", [](RunConfig& c) { c.double_quantize = true; });
  if (!config.bf16) attempt("training.precision: \"bf16\"", [](RunConfig& c) { c.bf16 = true; });
  if (config.bf16 && config.master_weights) {
    attempt("training.masterWeights: false (stochastic rounding)", [](RunConfig& c) { c.master_weights = false; });
  }
  if (config.method_parameters.contains("rank") && config.method_parameters["rank"].get<int64_t>() > 1) {
    const int64_t rank = config.method_parameters["rank"], half = rank / 2;
    attempt("method.rank: " + std::to_string(rank) + " → " + std::to_string(half), [half](RunConfig& c) { c.method_parameters["rank"] = half; });
  }
  if (config.sequence_length >= 64) {
    const int64_t half = config.sequence_length / 2;
    attempt("data.sequenceLength: " + std::to_string(config.sequence_length) + " → " + std::to_string(half), [half](RunConfig& c) { c.sequence_length = half; });
  }
  const uint64_t missing = plan.plan_bytes - plan.budget_bytes;
  std::stable_sort(plan.suggestions.begin(), plan.suggestions.end(), [missing](const auto& a, const auto& b) {
    if ((a.saves >= missing) != (b.saves >= missing)) return a.saves >= missing;
    return a.saves > b.saves;
  });
}

}  // namespace

std::map<std::string, uint64_t> category_bytes(const ArenaUsage& usage) {
  std::map<std::string, uint64_t> bytes;
  for (int c = 0; c < kCategories; ++c) bytes[name_of(static_cast<Category>(c))] = usage.peak_by_category[static_cast<size_t>(c)];
  bytes["unused"] = usage.unused_at_peak;
  return bytes;
}

MemoryPlan make_plan(const RunConfig& config) {
  MemoryPlan plan;
  plan.budget_bytes = config.budget;
  plan.recompute = config.recompute == "blocks";
  Measured measured = measure(config, plan.recompute);
  if (config.recompute == "auto" && config.budget && measured.usage.peak_bytes > config.budget) {
    Measured again = measure(config, true);
    if (again.usage.peak_bytes < measured.usage.peak_bytes) {
      plan.recompute = true;
      measured = std::move(again);
    }
  }
  plan.plan_bytes = measured.usage.peak_bytes;
  plan.by_category = category_bytes(measured.usage);
  plan.by_phase = measured.phases;
  plan.operations_per_step = measured.operations_per_step;
  plan.event_kind = measured.event_kind;
  plan.event_steps = std::move(measured.event_steps);
  plan.outside_bytes = resident_bytes();
  if (!plan.fits()) suggest(config, plan);
  return plan;
}

nlohmann::json MemoryPlan::to_json() const {
  nlohmann::json list = nlohmann::json::array();
  for (const Suggestion& s : suggestions) list.push_back({{"change", s.change}, {"savesBytes", s.saves}});
  nlohmann::json events = nlohmann::json::array();
  for (const int64_t step : event_steps) events.push_back({{"step", step}, {"kind", event_kind}});
  return {{"planBytes", plan_bytes},     {"byCategory", by_category}, {"byPhase", by_phase}, {"outsideBytes", outside_bytes},
          {"budgetBytes", budget_bytes}, {"fits", fits()},            {"suggestions", list}, {"recompute", recompute},
          {"operationsPerStep", operations_per_step}, {"events", events}};
}

void require_fit(const MemoryPlan& plan) {
  if (plan.fits()) return;
  std::string hint;
  for (const auto& s : plan.suggestions) {
    if (hint.size() > 300) break;
    hint += (hint.empty() ? "" : "; ") + s.change + " frees " + human_bytes(s.saves);
  }
  fail("E_BUDGET", "This run needs " + human_bytes(plan.plan_bytes) + " of the " + human_bytes(plan.budget_bytes) + " budget.",
       hint.empty() ? "Raise device.memoryBudget or take a smaller model." : hint + ".");
}

}  // namespace rankwise
