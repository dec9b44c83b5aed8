// Whole runs on the emulated card: their losses are those of the processor, a resumed run gives the same bits, and the plan is the peak.
#include <cmath>

#include "cuda/test/emulated_card.h"
#include "test/check.h"
#include "test/temporary_folder.h"
#include "test/tiny_run.h"
#include "train/jobs.h"

using namespace rankwise;
using nlohmann::json;
using test::check;

namespace {

struct Outcome {
  json done;
  std::vector<double> losses;
  std::vector<std::string> kinds;  // of the events
};

Outcome run(json job, const std::string& backend, int64_t stop_after = -1, bool resume = false, uint64_t* host_bytes = nullptr) {
  job["run"]["device"]["backend"] = backend;
  job["resume"] = resume;
  Outcome outcome;
  JobControl control;
  outcome.done = run_job(job, control, [&](const json& event) {
    if (event["type"] == "step") {
      outcome.losses.push_back(event["loss"].get<double>());
      if (event["step"].get<int64_t>() == stop_after) control.cancel();
    }
    if (event["type"] == "start" && host_bytes) *host_bytes = event["plan"].value("hostBytes", uint64_t{0});
    if (event["type"] == "event") outcome.kinds.push_back(event["kind"].get<std::string>());
  });
  return outcome;
}

struct Case {
  std::string name;
  double tolerance;  // of a loss, relative
  void (*change)(json& run);
  json model = json::object();  // what its config.json says otherwise
};

void loqt(json& run) {
  run["storage"] = {{"weights", "nf4"}, {"doubleQuantize", true}};
  run["method"] = {{"name", "loqt"}, {"rank", 6}, {"scale", 0.5}, {"interval", 2}, {"schedule", "static"}, {"compensationIterations", 3}};
}

const Case kCases[] = {
    {"full", 1e-5, [](json&) {}},
    {"full in bf16 with 8-bit states", 2e-2,
     [](json& run) {
       run["training"]["precision"] = "bf16";
       run["training"]["masterWeights"] = false;
       run["optimizer"]["stateBits"] = 8;
     }},
    {"LoRA on NF4, accumulated", 1e-5,
     [](json& run) {
       run["storage"] = {{"weights", "nf4"}, {"doubleQuantize", true}};
       run["method"] = {{"name", "lora"}, {"rank", 4}, {"alpha", 8}};
       run["training"]["gradientAccumulation"] = 2;
       run["training"]["clipNorm"] = 0.5;
     }},
    {"LoRA on NF4 in bf16", 2e-2,
     [](json& run) {
       run["storage"] = {{"weights", "nf4"}, {"doubleQuantize", false}};
       run["method"] = {{"name", "lora"}, {"rank", 4}, {"alpha", 8}};
       run["training"]["precision"] = "bf16";
     }},
    {"GaLore", 1e-4, [](json& run) { run["method"] = {{"name", "galore"}, {"rank", 6}, {"interval", 2}}; }},
    {"LoQT with merges", 2e-3, [](json& run) { loqt(run); }},
    {"LoQT parked between micro-batches, recomputed", 2e-3,
     [](json& run) {
       loqt(run);
       run["method"]["parkOnHost"] = true;
       run["training"]["gradientAccumulation"] = 2;
       run["training"]["recompute"] = "blocks";
     }},
    {"LoQT with per-layer updates in bf16", 3e-2,
     [](json& run) {
       loqt(run);
       run["optimizer"]["perLayerUpdates"] = true;
       run["training"]["precision"] = "bf16";
     }},
    {"Gemma 2", 1e-5, [](json&) {}, {{"model_type", "gemma2"}, {"head_dim", 10}, {"sliding_window", 5}, {"attn_logit_softcapping", 1.5}, {"final_logit_softcapping", 2.5}}},
    {"Phi-3 with a window", 1e-5, [](json&) {}, {{"model_type", "phi3"}, {"partial_rotary_factor", 0.7}, {"sliding_window", 5}}},
    {"OLMo2, recomputed", 1e-5, [](json& run) { run["training"]["recompute"] = "blocks"; }, {{"model_type", "olmo2"}, {"attention_bias", true}}},
    {"Gemma with LoRA on NF4", 1e-5,
     [](json& run) {
       run["storage"] = {{"weights", "nf4"}, {"doubleQuantize", true}};
       run["method"] = {{"name", "lora"}, {"rank", 4}, {"alpha", 8}};
     },
     {{"model_type", "gemma"}, {"head_dim", 10}, {"tie_word_embeddings", true}}},
    {"Gemma in bf16", 2e-2, [](json& run) { run["training"]["precision"] = "bf16"; }, {{"model_type", "gemma"}, {"tie_word_embeddings", true}, {"head_dim", 10}}},
};

void same_as_on_the_processor(const test::TemporaryFolder& folder, const Case& c) {
  json job = test::tiny_job(folder, "cpu");
  c.change(job["run"]);
  const Outcome cpu = run(job, "cpu");
  job["outputDir"] = folder / "cuda";
  const Outcome cuda = run(job, "cuda");
  double worst = 0;
  for (size_t i = 0; i < cpu.losses.size() && i < cuda.losses.size(); ++i) worst = std::fmax(worst, std::fabs(cuda.losses[i] / cpu.losses[i] - 1));
  check(cpu.losses.size() == cuda.losses.size() && worst <= c.tolerance, c.name + ": losses are off by " + std::to_string(worst));
  check(cpu.kinds == cuda.kinds, c.name + ": other events than on the processor");
  check(cuda.done["planBytes"] == cuda.done["peakBytes"], c.name + ": the plan is " + cuda.done["planBytes"].dump() + ", the peak " + cuda.done["peakBytes"].dump());
  check(std::fabs(cuda.done["evalLoss"].get<double>() / cpu.done["evalLoss"].get<double>() - 1) <= c.tolerance, c.name + ": another evaluation");

  job["outputDir"] = folder / "resumed";
  run(job, "cuda", 2);
  const Outcome resumed = run(job, "cuda", -1, true);
  check(resumed.done["parameterHash"] == cuda.done["parameterHash"], c.name + ": a resumed run gives other bits");
  check(resumed.done["finalLoss"] == cuda.done["finalLoss"], c.name + ": a resumed run ends with another loss");
}

// A gradient that has waited in the host's memory is the one that left: over several orders in which the card's streams may run.
void parked_as_unparked() {
  test::TemporaryFolder folder;
  test::write_tiny_model(folder / "model");
  test::write_tiny_tokens(folder / "tokens.safetensors", 40, 12);
  json job = test::tiny_job(folder, "stays");
  loqt(job["run"]);
  job["run"]["training"]["gradientAccumulation"] = 3;
  job["run"]["training"]["steps"] = 4;
  job["run"]["training"].erase("evalEvery");
  const Outcome stays = run(job, "cuda");
  job["run"]["method"]["parkOnHost"] = true;
  for (int time = 0; time < 3; ++time) {
    job["outputDir"] = folder / "parked" + std::to_string(time);
    uint64_t planned = 0;
    const Outcome parked = run(job, "cuda", -1, false, &planned);
    check(parked.done["parameterHash"] == stays.done["parameterHash"], "parked gradients give other bits");
    check(planned > 0 && parked.done["hostBytes"] == planned, "the host's memory is what was planned");
    check(parked.done["planBytes"] == parked.done["peakBytes"] && parked.done["peakBytes"] < stays.done["peakBytes"], "parking takes less of the card");
  }
}

}  // namespace

int main() {
  test::use_emulated_card();
  parked_as_unparked();
  for (const Case& c : kCases) {
    test::TemporaryFolder folder;
    test::write_tiny_model(folder / "model", c.model);
    test::write_tiny_tokens(folder / "tokens.safetensors", 40, 12);
    try {
      same_as_on_the_processor(folder, c);
    } catch (const Error& e) {
      check(false, c.name + ": " + e.code() + " " + e.what());
    }
  }
  return test::finish();
}
