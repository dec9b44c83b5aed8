// The jobs beside training on the emulated card: the processor's answers, and an op table that runs on both.
#include <cmath>

#include "cuda/test/emulated_card.h"
#include "io/safetensors.h"
#include "test/check.h"
#include "test/temporary_folder.h"
#include "test/tiny_run.h"
#include "train/jobs.h"

using namespace rankwise;
using nlohmann::json;
using test::check;

namespace {

json run_quietly(const json& job) {
  JobControl control;
  return run_job(job, control, [](const json&) {});
}

json answer(json job, const char* backend) {
  job["backend"] = backend;
  if (job["kind"] == "logits") job["output"] = job["output"].get<std::string>() + backend;
  return run_quietly(job);
}

double farthest(const std::string& a, const std::string& b) {
  const SafetensorsFile x(a), y(b);
  const TensorInfo *info = x.find("logits"), *other = y.find("logits");
  const float *p = static_cast<const float*>(x.data(*info)), *q = static_cast<const float*>(y.data(*other));
  double worst = 0;
  for (int64_t i = 0; i < info->shape[0] * info->shape[1]; ++i) worst = std::fmax(worst, std::fabs(static_cast<double>(p[i] - q[i])));
  return worst;
}

}  // namespace

int main() {
  test::use_emulated_card();
  test::TemporaryFolder folder;
  test::write_tiny_model(folder / "model");
  test::write_tiny_tokens(folder / "tokens.safetensors", 20, 12);
  json lora = test::tiny_job(folder, "out");
  run_quietly(lora);
  const std::string model = folder / "out/model";
  lora["outputDir"] = folder / "adapted";
  lora["run"]["model"]["path"] = model;
  lora["run"]["initialize"] = "pretrained";
  lora["run"]["method"] = {{"name", "lora"}, {"rank", 4}};
  run_quietly(lora);

  for (const char* storage : {"dense", "nf4"}) {
    const json base = {{"model", model}, {"adapter", folder / "adapted/adapter"}, {"storage", storage}, {"tokens", folder / "tokens.safetensors"}};
    const std::string what = std::string(" with weights in ") + storage;
    json job = base;
    job["kind"] = "eval";
    const double cpu_loss = answer(job, "cpu")["loss"], cuda_loss = answer(job, "cuda")["loss"];
    check(std::fabs(cpu_loss - cuda_loss) <= 1e-5 * cpu_loss, "the same loss" + what);
    job["kind"] = "logits";
    job["output"] = folder / "logits.";
    answer(job, "cpu");
    answer(job, "cuda");
    check(farthest(folder / "logits.cpu", folder / "logits.cuda") <= 2e-5, "the same logits" + what);
    job["kind"] = "generate";
    job["ids"] = {1, 2, 3, 4, 5};
    job["maxTokens"] = 12;
    check(answer(job, "cpu")["ids"] == answer(job, "cuda")["ids"], "the same greedy text" + what);
    job["temperature"] = 0.8;
    job["topP"] = 0.9;
    job["seed"] = 5;
    check(answer(job, "cpu")["ids"] == answer(job, "cuda")["ids"], "the same drawn text" + what);
  }

  const json selftest = run_quietly({{"kind", "selftest"}});
  check(selftest["backends"].size() == 2 && selftest["backends"][1]["name"] == "cuda", "the self-test runs on the card too");
  check(selftest["failed"] == 0 && selftest["backends"][1]["passed"] == selftest["backends"][0]["passed"], "and passes as much there");
  const json backends = engine_info()["backends"];
  check(backends[1]["name"] == "cuda" && backends[1]["available"] == true && !backends[1]["detail"].get<std::string>().empty(), "the card is described");
  return test::finish();
}
