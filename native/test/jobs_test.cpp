// Jobs on a finished model: what is cancelled leaves nothing behind, and a plan refuses the weights that the run would refuse.
#include "io/files.h"
#include "test/check.h"
#include "test/tiny_run.h"
#include "train/jobs.h"
#include "train/plan.h"

using namespace rankwise;
using nlohmann::json;
using test::check;
namespace fs = std::filesystem;

namespace {

json tuning_job(const test::TemporaryFolder& folder, const std::string& output) {
  json job = test::tiny_job(folder, output);
  job["run"]["initialize"] = "pretrained";
  job["run"]["model"]["path"] = folder / "base/model";
  job["run"]["method"] = {{"name", "lora"}, {"rank", 4}};
  return job;
}

void finish_job(const json& job) {
  JobControl undisturbed;
  run_job(job, undisturbed, [](const json&) {});
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  return names;
}

void cancelled_work(const test::TemporaryFolder& folder) {
  json job = {{"model", folder / "base/model"}, {"adapter", folder / "tuned/adapter"}, {"tokens", folder / "tokens.safetensors"}, {"other", folder / "base/model"},
              {"output", folder / "merged/model"}};
  fs::create_directory(folder / "merged");
  for (const char* kind : {"merge", "eval", "logits-compare"}) {
    job["kind"] = kind;
    for (const bool at_once : {true, false}) {
      JobControl control;
      if (at_once) control.cancel();
      int told = 0;
      test::check_refused("E_CANCELLED", std::string(kind) + " that is cancelled", [&] {
        run_job(job, control, [&](const json& event) {
          check(event["type"] == "progress" && event["done"] <= event["total"], std::string(kind) + " tells its progress");
          ++told;
          control.cancel();
        });
      });
      check(told == (at_once ? 0 : 1), std::string(kind) + ": nothing is told after the cancelling");
      check(names_in(folder / "merged").empty(), std::string(kind) + ": nothing is left behind");
    }
  }
  job["kind"] = "merge";
  finish_job(job);
  JobControl control;
  const std::string before = read_file(folder / "merged/model/model.safetensors", 1 << 24);
  job["adapterScale"] = 0.5;
  test::check_refused("E_CANCELLED", "a merge over a model that is there", [&] { run_job(job, control, [&](const json&) { control.cancel(); }); });
  check(read_file(folder / "merged/model/model.safetensors", 1 << 24) == before && names_in(folder / "merged").size() == 1, "what was there before stays as it was");
}

// A plan refuses the weights that the run would refuse.
void planned_weights(const test::TemporaryFolder& folder) {
  json job = tuning_job(folder, "planned");
  check(make_plan(parse_run(job)).plan_bytes > 0, "sound weights have a plan");
  json config = json::parse(read_file(folder / "base/model/config.json", 1 << 20));
  fs::copy(folder / "base/model", folder / "other", fs::copy_options::recursive);
  job["run"]["model"]["path"] = folder / "other";
  config["intermediate_size"] = 48;
  test::put_file(folder / "other/config.json", config.dump());
  test::check_refused("E_TENSOR", "a plan for weights of other shapes", [&] { make_plan(parse_run(job)); });
  config["intermediate_size"] = 40;
  config["num_hidden_layers"] = 3;
  test::put_file(folder / "other/config.json", config.dump());
  test::check_refused("E_TENSOR", "a plan for weights that are not all there", [&] { make_plan(parse_run(job)); });
}

}  // namespace

int main() {
  const test::TemporaryFolder folder;
  test::write_tiny_model(folder / "model");
  // More than one batch of an evaluation.
  test::write_tiny_tokens(folder / "tokens.safetensors", 400, 12);
  finish_job(test::tiny_job(folder, "base"));
  finish_job(tuning_job(folder, "tuned"));
  cancelled_work(folder);
  planned_weights(folder);
  return test::finish();
}
