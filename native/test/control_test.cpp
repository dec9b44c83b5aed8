// What can be asked of a run that trains, and forks: a checkpoint on request changes nothing, a stopped run leaves what it has come to,
// a fork goes on from its parent's state under other settings or is refused in words, and the plan tells the events that then happen.
#include "test/check.h"
#include "test/tiny_run.h"
#include "train/plan.h"
#include "train/trainer.h"

using namespace rankwise;
using nlohmann::json;
using test::check;
namespace fs = std::filesystem;

namespace {

struct Told {
  json done;
  std::vector<json> events;
  std::vector<json> of(const std::string& type) const {
    std::vector<json> some;
    for (const json& event : events) {
      if (event["type"] == type) some.push_back(event);
    }
    return some;
  }
};

// Trains; `at_step` is called in the middle of every step, when it has been told.
Told trained(const json& job, const std::function<void(JobControl&, int64_t)>& at_step = [](JobControl&, int64_t) {}) {
  JobControl control;
  Told told;
  told.done = train(parse_run(job), job.value("resume", false), control, [&](const json& event) {
    told.events.push_back(event);
    if (event["type"] == "step") at_step(control, event["step"]);
  });
  return told;
}

json job_of(const test::TemporaryFolder& folder, const std::string& output, const std::string& method = "loqt") {
  json job = test::tiny_job(folder, output);
  job["run"]["training"]["steps"] = 9;
  job["run"]["training"]["checkpointEvery"] = 0;
  job["run"]["method"] = {{"name", method}, {"rank", 4}};
  if (method != "lora") job["run"]["method"]["interval"] = 3;
  if (method == "loqt") job["run"]["storage"]["weights"] = "nf4";
  return job;
}

void asked_checkpoint(const test::TemporaryFolder& folder) {
  const std::string reference = trained(job_of(folder, "reference")).done["parameterHash"];
  const Told asked = trained(job_of(folder, "asked"), [](JobControl& control, int64_t step) {
    if (step == 4) control.ask_checkpoint();
  });
  const auto checkpoints = asked.of("checkpoint");
  check(checkpoints.size() == 1 && checkpoints[0]["step"] == 5, "one checkpoint is written, when the step has ended");
  check(asked.done["steps"] == 9 && !asked.done.contains("stoppedEarly") && asked.done["parameterHash"] == reference, "a checkpoint on request changes nothing");
  json again = job_of(folder, "asked");
  again["resume"] = true;
  const Told resumed = trained(again);
  check(resumed.of("start")[0]["step"] == 5 && resumed.done["parameterHash"] == reference, "the run can go on from it, to the same bits");
  const Told last = trained(job_of(folder, "last"), [](JobControl& control, int64_t step) {
    if (step == 8) control.ask_checkpoint();
  });
  check(last.of("checkpoint").size() == 1, "a checkpoint that was asked for in the last step is written too");
}

void asked_stop(const test::TemporaryFolder& folder) {
  const Told stopped = trained(job_of(folder, "stopped"), [](JobControl& control, int64_t step) {
    if (step == 4) control.ask_stop();
  });
  check(stopped.done["steps"] == 5 && stopped.done["stoppedEarly"] == true && !stopped.done.contains("stopped"), "a stopped run tells the steps done");
  const auto evals = stopped.of("eval");
  check(!evals.empty() && evals.back()["step"] == 5, "it evaluates what it has come to");
  check(fs::exists(folder / "stopped/model/model.safetensors"), "it saves what it has come to");
  json short_job = job_of(folder, "short");
  short_job["run"]["training"]["steps"] = 5;
  check(trained(short_job).done["parameterHash"] == stopped.done["parameterHash"], "that is what a run of so many steps ends with");
  const Told cancelled = trained(job_of(folder, "cancelled"), [](JobControl& control, int64_t step) {
    if (step == 4) {
      control.ask_stop();
      control.cancel();
    }
  });
  check(cancelled.done["stopped"] == true && !fs::exists(folder / "cancelled/model"), "who cancels is heard before who stops");
  const Told late = trained(job_of(folder, "late"), [](JobControl& control, int64_t step) {
    if (step == 8) control.ask_stop();
  });
  check(!late.done.contains("stoppedEarly"), "in its last step a run ends as ever");
}

// A parent with one checkpoint, at step 6, and a job in a folder of its own that goes on from a copy of it.
json fork_of(const test::TemporaryFolder& folder, const std::string& parent, const std::string& output, const std::string& method = "loqt") {
  json job = job_of(folder, output, method);
  job["resume"] = true;
  job["run"]["training"]["steps"] = 12;
  fs::remove_all(folder / output);
  fs::create_directories(folder / (output + "/checkpoints"));
  const std::string place = "/checkpoints/step-00000006";
  fs::copy(folder / (parent + place), folder / (output + place), fs::copy_options::recursive);
  std::ifstream manifest(folder / (parent + place + "/manifest.json"));
  job["parentRecord"] = json::parse(manifest)["state"]["record"];
  return job;
}

void forks(const test::TemporaryFolder& folder) {
  trained(job_of(folder, "parent"), [](JobControl& control, int64_t step) {
    if (step == 5) control.ask_checkpoint();
  });
  json job = fork_of(folder, "parent", "fork");
  job["run"]["optimizer"]["learningRate"] = 5e-4;
  job["run"]["schedule"] = {{"name", "linear"}};
  job["run"]["training"]["evalBatches"] = 2;
  const Told fork = trained(job);
  const auto steps = fork.of("step");
  check(steps.size() == 6 && steps[0]["step"] == 6, "a fork goes on where its parent's checkpoint is");
  check(steps[0]["learningRate"] == 2.5e-4 && steps.back()["step"] == 11, "schedule and steps follow the new settings");
  check(fork.done["peakBytes"] == fork.done["planBytes"], "the peak is the fork's own");
  const std::string reference = fork.done["parameterHash"];

  json killed = fork_of(folder, "parent", "killed");
  killed["run"] = job["run"];
  trained(killed, [](JobControl& control, int64_t step) {
    if (step == 8) control.cancel();
  });
  const Told again = trained(killed);
  check(again.of("start")[0]["step"] == 9 && again.done["parameterHash"] == reference, "a fork that was interrupted goes on from its own checkpoint, to the same bits");
  killed.erase("parentRecord");
  check(trained(killed).of("start")[0]["step"] == 9, "its own checkpoints carry its own record");

  json stranger = job;
  stranger["outputDir"] = fork_of(folder, "parent", "stranger")["outputDir"];
  stranger.erase("parentRecord");
  test::check_refused("E_CHECKPOINT", "a checkpoint of another run", [&] { trained(stranger); });
  stranger["parentRecord"] = std::string(64, '0');
  test::check_refused("E_CHECKPOINT", "a checkpoint of another run than the parent", [&] { trained(stranger); });
  json bare = job_of(folder, "bare");
  bare["resume"] = true;
  bare["parentRecord"] = job["parentRecord"];
  test::check_refused("E_CHECKPOINT", "a fork never starts over", [&] { trained(bare); });
  json ended = fork_of(folder, "parent", "ended");
  ended["run"]["training"]["steps"] = 6;
  test::check_refused("E_CHECKPOINT", "a fork without a step to do", [&] { trained(ended); });
}

void misfits(const test::TemporaryFolder& folder) {
  json lora = job_of(folder, "lora", "lora");
  lora["run"]["method"]["trainRest"] = true;
  trained(lora, [](JobControl& control, int64_t step) {
    if (step == 5) control.ask_checkpoint();
  });
  const auto refused = [&](const char* what, const std::string& words, const std::function<void(json&)>& change) {
    json job = fork_of(folder, "lora", "misfit", "lora");
    job["run"]["method"]["trainRest"] = true;
    change(job["run"]);
    try {
      trained(job);
      check(false, std::string(what) + " was accepted");
    } catch (const Error& e) {
      check(e.code() == "E_CHECKPOINT" && std::string(e.what()).find(words) != std::string::npos, std::string(what) + ": " + e.what());
    }
  };
  refused("another rank", "F32 [4 × 24] there and F32 [6 × 24] here", [](json& run) { run["method"]["rank"] = 6; });
  refused("another precision", "model.embed_tokens.weight is F32 [61 × 24] there and BF16 [61 × 24] here", [](json& run) {
    run["training"]["precision"] = "bf16";
    run["training"]["masterWeights"] = false;
  });
  refused("fewer targets", "no place for its model.layers.0.self_attn.q_proj", [](json& run) { run["targets"] = "mlp"; });
  refused("less that is trained", "no place for its model.embed_tokens.weight", [](json& run) { run["method"]["trainRest"] = false; });
}

void planned_events(const test::TemporaryFolder& folder) {
  for (const char* method : {"loqt", "galore", "lora"}) {
    const Told told = trained(job_of(folder, std::string("events-") + method, method));
    json happened = json::array();
    for (const json& event : told.of("event")) happened.push_back({{"step", event["step"]}, {"kind", event["kind"]}});
    check(told.of("start")[0]["plan"]["events"] == happened, std::string(method) + ": the plan tells the events that happen: " + happened.dump());
    check(happened.empty() == (std::string(method) == "lora"), std::string(method) + ": whether there are any");
  }
  json long_run = job_of(folder, "long", "galore");
  long_run["run"]["training"]["steps"] = 1000000;
  check(make_plan(parse_run(long_run)).event_steps.size() == 10000, "the list of events is bounded");
}

// evalEvery is 2: a run that is paused after its first step has evaluated nothing, also when it is taken up again.
void nothing_evaluated(const test::TemporaryFolder& folder) {
  json job = job_of(folder, "unevaluated");
  const Told first = trained(job, [](JobControl& control, int64_t step) {
    if (step == 0) control.cancel();
  });
  check(first.done["stopped"] == true && first.done["steps"] == 1 && !first.done.contains("evalLoss"), "no evaluation, no evaluation loss");
  job["resume"] = true;
  const Told whole = trained(job);
  check(whole.done["steps"] == 9 && whole.done["evalLoss"] == whole.of("eval").back()["loss"], "after it, the last evaluation's");
}

}  // namespace

int main() {
  const test::TemporaryFolder folder;
  test::write_tiny_model(folder / "model");
  test::write_tiny_tokens(folder / "tokens.safetensors", 40, 12);
  asked_checkpoint(folder);
  asked_stop(folder);
  forks(folder);
  misfits(folder);
  planned_events(folder);
  nothing_evaluated(folder);
  return test::finish();
}
