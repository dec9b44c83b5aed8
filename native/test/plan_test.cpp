// The planner is exact: for every run of the grid the bytes planned are the bytes at the peak, evaluation, samples, merges and saving
// included; and a run above its budget is refused before anything is allocated.
#include <chrono>

#include "methods/registry.h"
#include "test/check.h"
#include "test/tiny_run.h"
#include "train/plan.h"
#include "train/trainer.h"

using namespace rankwise;
using nlohmann::json;
using test::check;

namespace {

JobControl undisturbed;

struct Case {
  const char* method;
  const char* storage;
  const char* precision;
  bool per_layer;
};

void exact(const test::TemporaryFolder& folder, const json& job, const std::string& what) {
  std::filesystem::remove_all(job["outputDir"].get<std::string>());
  uint64_t last_peak = 0;
  const json done = train(parse_run(job), false, undisturbed, [&](const json& event) {
    if (event["type"] == "memory") last_peak = event["peakBytes"];
  });
  check(done["planBytes"] == done["peakBytes"], what + ": planned " + done["planBytes"].dump() + ", peak " + done["peakBytes"].dump());
  check(last_peak == done["peakBytes"], what + ": the last memory event tells the peak");
}

void grid(const test::TemporaryFolder& folder) {
  const Case cases[] = {{"full", "dense", "f32", false},  {"full", "dense", "f32", true},   {"full", "dense", "bf16", false}, {"full", "dense", "bf16", true},
                        {"lora", "dense", "f32", false},  {"lora", "nf4", "f32", false},    {"lora", "dense", "bf16", true},  {"lora", "nf4", "bf16", false},
                        {"galore", "dense", "f32", false}, {"galore", "dense", "bf16", true}, {"loqt", "nf4", "f32", false},    {"loqt", "nf4", "bf16", true},
                        {"loqt", "dense", "f32", true},   {"loqt", "dense", "bf16", false}, {"loqt", "nf4", "bf16", false}};
  const struct {
    int64_t rank, length, bits, accumulation;
    bool recompute, twice;
  } settings[] = {{4, 12, 32, 1, false, false}, {9, 12, 8, 1, true, true}, {3, 33, 32, 2, true, false}, {30, 7, 16, 1, false, true}, {4, 20, 8, 3, false, true}};
  int configurations = 0;
  for (const auto& s : settings) {
    test::write_tiny_tokens(folder / "tokens.safetensors", 40, s.length);
    for (const Case& c : cases) {
      if (c.per_layer && s.accumulation > 1) continue;
      json job = test::tiny_job(folder, "out");
      json& run = job["run"];
      run["data"]["sequenceLength"] = s.length;
      run["method"] = {{"name", c.method}};
      if (std::string(c.method) != "full") run["method"]["rank"] = s.rank;
      if (std::string(c.method) == "galore" || std::string(c.method) == "loqt") run["method"]["interval"] = 2;
      if (std::string(c.method) == "loqt") run["method"]["parkOnHost"] = s.accumulation == 2;
      run["storage"] = {{"weights", c.storage}, {"doubleQuantize", s.twice}};
      run["optimizer"]["stateBits"] = s.bits;
      run["optimizer"]["perLayerUpdates"] = c.per_layer;
      run["training"]["precision"] = c.precision;
      run["training"]["recompute"] = s.recompute ? "blocks" : "none";
      run["training"]["gradientAccumulation"] = s.accumulation;
      exact(folder, job, std::string(c.method) + " " + c.storage + " " + c.precision + (c.per_layer ? " per layer" : "") + " rank " + std::to_string(s.rank) + " length " +
                             std::to_string(s.length) + " bits " + std::to_string(s.bits) + " accumulation " + std::to_string(s.accumulation));
      ++configurations;
    }
  }
  check(configurations >= 60, "at least 60 configurations, not " + std::to_string(configurations));
}

// Families that have something of their own.
void families(const test::TemporaryFolder& folder) {
  test::write_tiny_tokens(folder / "tokens.safetensors", 40, 12);
  const struct {
    const char* name;
    json changes;
  } models[] = {{"phi3", {{"model_type", "phi3"}, {"partial_rotary_factor", 0.7}}},
                {"window", {{"model_type", "mistral"}, {"sliding_window", 5}}},
                {"olmo2", {{"model_type", "olmo2"}, {"attention_bias", true}}},
                {"gemma", {{"model_type", "gemma"}, {"head_dim", 10}, {"tie_word_embeddings", true}}},
                {"gemma2", {{"model_type", "gemma2"}, {"head_dim", 10}, {"sliding_window", 5}, {"query_pre_attn_scalar", 7}, {"attn_logit_softcapping", 1.5}, {"final_logit_softcapping", 2.5}, {"tie_word_embeddings", true}}},
                {"gemma3", {{"model_type", "gemma3_text"}, {"head_dim", 10}, {"sliding_window", 5}, {"sliding_window_pattern", 2}, {"rope_scaling", {{"rope_type", "linear"}, {"factor", 4}}}}}};
  for (const auto& model : models) {
    test::write_tiny_model(folder / model.name, model.changes);
    for (const Case& c : {Case{"full", "dense", "bf16", true}, {"lora", "nf4", "f32", false}, {"lora", "dense", "bf16", false}, {"galore", "dense", "f32", false},
                          {"loqt", "nf4", "f32", false}}) {
      json job = test::tiny_job(folder, "out");
      job["run"]["model"]["path"] = folder / model.name;
      job["run"]["method"] = {{"name", c.method}};
      if (std::string(c.method) != "full") job["run"]["method"]["rank"] = 5;
      job["run"]["storage"]["weights"] = c.storage;
      job["run"]["training"]["precision"] = c.precision;
      job["run"]["optimizer"]["perLayerUpdates"] = c.per_layer;
      exact(folder, job, std::string(model.name) + " " + c.method + " " + c.storage + " " + c.precision);
    }
  }
}

void budget_refuses(const test::TemporaryFolder& folder) {
  test::write_tiny_tokens(folder / "tokens.safetensors", 40, 12);
  json job = test::tiny_job(folder, "refused");
  const MemoryPlan plan = make_plan(parse_run(job));
  job["run"]["device"]["memoryBudget"] = plan.plan_bytes;
  check(make_plan(parse_run(job)).fits(), "a budget of exactly the plan fits");
  exact(folder, job, "a budget of exactly the plan");
  job["run"]["device"]["memoryBudget"] = plan.plan_bytes - 1;
  const MemoryPlan tight = make_plan(parse_run(job));
  check(!tight.fits() && !tight.suggestions.empty() && tight.suggestions[0].saves > 0, "one byte less does not, and there is advice");
  job["outputDir"] = folder / "never";
  test::check_refused("E_BUDGET", "training above the budget", [&] { train(parse_run(job), false, undisturbed, [](const json&) {}); });
  check(!std::filesystem::exists(folder / "never"), "a refused run leaves nothing behind");
  // Enough tokens that activations, not the engine's fixed workspace, make the peak.
  test::write_tiny_tokens(folder / "tokens.safetensors", 40, 60);
  job["run"]["data"]["sequenceLength"] = 60;
  job["run"]["training"]["microBatch"] = 64;
  job["run"]["training"]["recompute"] = "auto";
  job["run"]["device"]["memoryBudget"] = 0;
  const uint64_t roomy = make_plan(parse_run(job)).plan_bytes;
  job["run"]["device"]["memoryBudget"] = roomy - 1;
  check(make_plan(parse_run(job)).recompute, "auto recomputes where the budget needs it");
}

// The large presets are planned at once: sizes only.
void large_presets() {
  for (const char* preset : {"llama-7b", "llama-13b"}) {
    for (const char* method : {"full", "lora", "galore", "loqt"}) {
      json run = {{"model", {{"preset", preset}}}, {"initialize", "random"}, {"method", {{"name", method}}}, {"training", {{"precision", "bf16"}, {"steps", 100000}}}};
      if (std::string(method) == "loqt") run["storage"] = {{"weights", "nf4"}};
      const auto start = std::chrono::steady_clock::now();
      const MemoryPlan plan = make_plan(parse_run({{"run", run}}));
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      std::printf("%s %s: %.2f GiB planned in %.3f s\n", preset, method, static_cast<double>(plan.plan_bytes) / (1 << 30), seconds);
      check(plan.plan_bytes > (uint64_t{3} << 30), std::string(preset) + " " + method + " has a plan");
    }
  }
}

}  // namespace

int main() {
  const test::TemporaryFolder folder;
  test::write_tiny_model(folder / "model");
  grid(folder);
  families(folder);
  budget_refuses(folder);
  large_presets();
  return test::finish();
}
