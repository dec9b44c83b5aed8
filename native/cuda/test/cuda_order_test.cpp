// The order in which a card runs threads and blocks changes no bit: a run in several orders ends with the same parameters.
#include <cstdio>
#include <set>

#include "cuda/test/emulated_card.h"
#include "test/check.h"
#include "test/temporary_folder.h"
#include "test/tiny_run.h"
#include "train/jobs.h"

using namespace rankwise;

namespace {

// LoQT with a merge has every kind of kernel but those of other storages.
std::string hash_of_run() {
  test::use_emulated_card();
  test::TemporaryFolder folder;
  test::write_tiny_model(folder / "model");
  test::write_tiny_tokens(folder / "tokens.safetensors", 40, 12);
  nlohmann::json job = test::tiny_job(folder, "out");
  job["run"]["device"]["backend"] = "cuda";
  job["run"]["storage"] = {{"weights", "nf4"}, {"doubleQuantize", true}};
  job["run"]["method"] = {{"name", "loqt"}, {"rank", 6}, {"scale", 0.5}, {"interval", 2}, {"schedule", "static"}, {"compensationIterations", 2}};
  job["run"]["training"]["steps"] = 3;
  job["run"]["optimizer"]["stateBits"] = 8;
  job.erase("samples");
  JobControl control;
  return run_job(job, control, [](const nlohmann::json&) {})["parameterHash"];
}

// A process of its own, because the emulator draws its orders from a seed that it reads once.
std::string hash_in_order(const std::string& program, int seed) {
  setenv("RANKWISE_EMULATED_SEED", std::to_string(seed).c_str(), 1);
  FILE* child = popen(("'" + program + "' run").c_str(), "r");
  char text[128] = "";
  const bool read = child && std::fgets(text, sizeof text, child);
  return child && pclose(child) == 0 && read ? text : "";
}

}  // namespace

int main(int count, char** words) {
  if (count > 1) {
    std::printf("%s\n", hash_of_run().c_str());
    return 0;
  }
  std::set<std::string> hashes;
  for (int seed = 1; seed <= 3; ++seed) hashes.insert(hash_in_order(words[0], seed));
  test::check(hashes.size() == 1 && !hashes.contains(""), "three orders end with " + std::to_string(hashes.size()) + " different parameters");
  return test::finish();
}
