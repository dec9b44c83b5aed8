#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <vector>

#include "bench/library/bench.h"
#include "core/process_memory.h"
#include "cpu/backend.h"
#include "io/safetensors.h"
#include "train/plan.h"
#include "train/session.h"

namespace rankwise {

using nlohmann::json;

namespace {

// Random sequences, enough for every step, in a file that goes when the benchmark ends.
class RandomTokens {
 public:
  RandomTokens(int64_t sequences, int64_t length, int64_t vocab_size)
      : path_((std::filesystem::temp_directory_path() / ("rankwise-bench-" + std::to_string(getpid()) + ".safetensors")).string()) {
    std::vector<int32_t> ids(static_cast<size_t>(sequences * length));
    for (size_t i = 0; i < ids.size(); ++i) {
      ids[i] = static_cast<int32_t>(uniform({1, hash_name("bench.tokens"), 0}, i) * static_cast<float>(vocab_size));
    }
    SafetensorsWriter writer(path_, {{"input_ids", DType::i32, {sequences, length}}}, {});
    writer.write(ids.data(), ids.size() * sizeof(int32_t));
    writer.finish();
  }
  ~RandomTokens() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

template <class T>
T value_or(const json& job, const char* key, T fallback) {
  return job.contains(key) && !job[key].is_null() ? job[key].get<T>() : fallback;
}

RunConfig step_config(const json& job, int64_t steps) {
  json method = {{"name", value_or<std::string>(job, "method", "lora")}};
  if (method["name"] != "full") method["rank"] = value_or<int64_t>(job, "rank", 16);
  if (job.contains("settings") && job["settings"].is_object()) method.update(job["settings"]);
  // Nothing is clipped or accumulated, so that updates inside backward change no number and only save memory.
  const json run = {{"model", {{"preset", value_or<std::string>(job, "preset", "llama-9m")}}},
                    {"initialize", "random"},
                    {"data", {{"sequenceLength", value_or<int64_t>(job, "sequenceLength", 256)}, {"shuffle", false}}},
                    {"method", method},
                    {"storage", {{"weights", value_or<std::string>(job, "storage", method["name"] == "loqt" ? "nf4" : "dense")}}},
                    {"optimizer", {{"learningRate", 1e-3}, {"perLayerUpdates", true}}},
                    {"schedule", {{"name", "constant"}}},
                    {"training",
                     {{"steps", steps},
                      {"microBatch", value_or<int64_t>(job, "batch", 8)},
                      {"precision", value_or<std::string>(job, "precision", "bf16")},
                      {"recompute", value_or<std::string>(job, "recompute", "none")}}},
                    {"device", {{"backend", "cpu"}, {"threads", value_or<int>(job, "threads", 0)}}}};
  return parse_run({{"run", run}});
}

}  // namespace

json bench_step(const json& job, const JobControl& control, const EventSink& emit) {
  const int64_t steps = value_or<int64_t>(job, "steps", 5), warm_up = 2;
  RunConfig config = step_config(job, steps + warm_up);
  const RandomTokens tokens(config.micro_batch * (steps + warm_up), config.sequence_length, config.model.vocab_size);
  const MemoryPlan plan = make_plan(config);
  reset_peak_resident_bytes();
  Arena arena(Arena::Kind::real, 0);
  CpuBackend ops(arena, config.device.threads);
  Session session(ops, arena, config, plan.recompute);
  const TokenFile file(tokens.path(), config.model.vocab_size);
  const SequenceOrder order(file.sequences(), 0, false, config.seed);
  std::vector<double> seconds;
  double loss = 0;
  for (int64_t i = 0; i < steps + warm_up && !control.cancelled(); ++i) {
    const auto start = std::chrono::steady_clock::now();
    loss = session.step(i, &file, &order).loss;
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (i < warm_up) continue;
    seconds.push_back(took);
    emit({{"type", "progress"}, {"done", seconds.size()}, {"of", steps}, {"seconds", took}});
  }
  if (seconds.empty()) return {{"stopped", true}};
  std::sort(seconds.begin(), seconds.end());
  const double median = seconds[seconds.size() / 2];
  return {{"secondsPerStep", median},
          {"leastSecondsPerStep", seconds.front()},
          {"tokensPerSecond", static_cast<double>(config.micro_batch * config.sequence_length) / median},
          {"peakResidentBytes", peak_resident_bytes()},
          {"planBytes", plan.plan_bytes},
          {"peakBytes", arena.usage().peak_bytes},
          {"operationsPerStep", plan.operations_per_step},
          {"operationsPerSecond", plan.operations_per_step / median},
          {"loss", loss},
          {"isa", name_of(ops.isa())},
          {"threads", ops.threads()}};
}

}  // namespace rankwise
