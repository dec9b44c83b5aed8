#include "train/run_config.h"

#include <cmath>

#include "core/error.h"
#include "io/files.h"
#include "methods/registry.h"
#include "model/gguf_source.h"

namespace rankwise {

using nlohmann::json;

namespace {

constexpr uint64_t kLargestConfig = 16 << 20;

// A section of the run file whose values are read with their types and bounds checked.
class Section {
 public:
  Section(const json& run, const char* name) : name_(name), value_(run.contains(name) && run[name].is_object() ? run[name] : json::object()) {}
  bool has(const char* key) const { return value_.contains(key) && !value_[key].is_null(); }
  const json& raw(const char* key) const { return value_[key]; }

  int64_t integer(const char* key, int64_t fallback, int64_t low, int64_t high) const {
    if (!has(key)) return fallback;
    if (!value_[key].is_number_integer() || value_[key].get<int64_t>() < low || value_[key].get<int64_t>() > high) {
      refuse(key, "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    }
    return value_[key].get<int64_t>();
  }
  double number(const char* key, double fallback, double low, double high) const {
    if (!has(key)) return fallback;
    if (!value_[key].is_number() || !(value_[key].get<double>() >= low) || !(value_[key].get<double>() <= high)) {
      refuse(key, "must be a number from " + json(low).dump() + " to " + json(high).dump());
    }
    return value_[key].get<double>();
  }
  bool boolean(const char* key, bool fallback) const {
    if (!has(key)) return fallback;
    if (!value_[key].is_boolean()) refuse(key, "must be true or false");
    return value_[key].get<bool>();
  }
  std::string text(const char* key, const std::string& fallback, std::initializer_list<const char*> allowed = {}) const {
    if (!has(key)) return fallback;
    if (!value_[key].is_string()) refuse(key, "must be a text");
    const std::string value = value_[key].get<std::string>();
    std::string list;
    for (const char* a : allowed) {
      if (value == a) return value;
      list += std::string(list.empty() ? "" : ", ") + a;
    }
    if (allowed.size()) refuse(key, "is \"" + value + "\" but must be one of " + list);
    return value;
  }
  [[noreturn]] void refuse(const char* key, const std::string& why) const {
    fail("E_RUN", std::string(name_) + "." + key + " " + why + ".", "Correct the run file.");
  }

 private:
  const char* name_;
  json value_;
};

constexpr int64_t kMany = int64_t{1} << 40;

void parse_model(const json& run, RunConfig& config) {
  const Section model(run, "model");
  const bool random = run.value("initialize", std::string("pretrained")) == "random";
  if (model.has("preset")) {
    config.model = preset_config(model.text("preset", ""));
    config.model.vocab_size = model.integer("vocabSize", config.model.vocab_size, 2, 1 << 24);
  } else if (model.has("path")) {
    const std::string folder = model.text("path", "");
    config.model = read_model_config(folder);
    if (!random) config.model_folder = folder;
  } else {
    fail("E_RUN", "The run names no model.", "Give model.path (a Hugging Face folder) or model.preset.");
  }
}

void parse_training(const json& run, RunConfig& config) {
  const Section training(run, "training"), schedule(run, "schedule"), optimizer(run, "optimizer");
  config.steps = training.integer("steps", 100, 1, kMany);
  config.micro_batch = training.integer("microBatch", 8, 1, 1 << 16);
  config.accumulation = training.integer("gradientAccumulation", 1, 1, 1 << 16);
  config.clip_norm = training.number("clipNorm", 0, 0, 1e9);
  config.bf16 = training.text("precision", "f32", {"f32", "bf16"}) == "bf16";
  config.master_weights = training.boolean("masterWeights", true);
  config.recompute = training.text("recompute", "auto", {"none", "blocks", "auto"});
  config.seed = static_cast<uint64_t>(training.integer("seed", 42, 0, INT64_MAX));
  config.eval_every = training.integer("evalEvery", 0, 0, kMany);
  config.eval_batches = training.integer("evalBatches", 0, 0, kMany);
  config.checkpoint_every = training.integer("checkpointEvery", 0, 0, kMany);
  config.keep_checkpoints = training.integer("keepCheckpoints", 2, 1, 1000000);
  if (training.has("earlyStopping")) {
    const json& early = training.raw("earlyStopping");
    if (!early.is_object() || !early.contains("patience") || !early["patience"].is_number_integer() || early["patience"].get<int64_t>() < 1) {
      training.refuse("earlyStopping", "must be null or {\"patience\": evaluations without improvement}");
    }
    config.patience = early["patience"].get<int64_t>();
  }
  config.schedule = {schedule.text("name", "cosine", {"constant", "linear", "cosine"}), optimizer.number("learningRate", 1e-3, 0, 1e3),
                     schedule.integer("warmupSteps", 0, 0, kMany), config.steps, schedule.number("minimumRatio", 0.0, 0, 1)};
  optimizer.text("name", "adamw", {"adamw"});
  config.optimizer.beta1 = static_cast<float>(optimizer.number("beta1", 0.9, 0, 0.9999999));
  config.optimizer.beta2 = static_cast<float>(optimizer.number("beta2", 0.999, 0, 0.9999999));
  config.optimizer.epsilon = static_cast<float>(optimizer.number("epsilon", 1e-8, 0, 1));
  config.optimizer.weight_decay = static_cast<float>(optimizer.number("weightDecay", 0, 0, 10));
  config.optimizer.state_bits = static_cast<int>(optimizer.integer("stateBits", 32, 8, 32));
  if (config.optimizer.state_bits != 8 && config.optimizer.state_bits != 16 && config.optimizer.state_bits != 32) {
    optimizer.refuse("stateBits", "must be 32, 16 or 8");
  }
  config.per_layer = optimizer.boolean("perLayerUpdates", false);
  if (config.per_layer && config.accumulation > 1) {
    fail("E_RUN", "Per-layer updates and gradient accumulation cannot be combined: every micro-batch would be an update.",
         "Set training.gradientAccumulation to 1 or optimizer.perLayerUpdates to false.");
  }
  if (config.per_layer && config.clip_norm > 0) {
    fail("E_RUN", "Per-layer updates cannot clip the gradient: its norm is known only when all layers have been updated.",
         "Set training.clipNorm to null or optimizer.perLayerUpdates to false.");
  }
}

void parse_data(const json& job, const json& run, RunConfig& config) {
  const Section data(run, "data"), tokens(job, "tokens"), device(run, "device");
  config.sequence_length = data.integer("sequenceLength", 256, 2, 1 << 20);
  config.shuffle = data.boolean("shuffle", true);
  config.train_tokens = tokens.text("train", "");
  config.eval_tokens = tokens.text("eval", "");
  config.eval_fraction = tokens.number("evalFraction", 0, 0, 0.9);
  config.has_eval = !config.eval_tokens.empty() || config.eval_fraction > 0;
  config.budget = static_cast<uint64_t>(device.integer("memoryBudget", 0, 0, INT64_MAX));
  config.device.threads = static_cast<int>(device.integer("threads", 0, 0, 4096));
  config.device.index = static_cast<int>(device.integer("index", 0, 0, 63));
  config.device.kind = chosen_device(device.text("backend", "auto", {"auto", "cpu", "cuda"}), config.device.index);
  config.budget = device_budget(config.device, config.budget);
  if (job.contains("samples") && job["samples"].is_array()) {
    for (const json& sample : job["samples"]) config.samples.push_back({sample.value("prompt", ""), sample.at("ids").get<std::vector<int32_t>>()});
  }
  config.sample_tokens = job.value("sampleTokens", int64_t{48});
  config.output = job.value("outputDir", std::string());
  if (job.contains("parentRecord") && job["parentRecord"].is_string()) config.parent_record = job["parentRecord"];
}

}  // namespace

ModelConfig read_model_config(const std::string& path) {
  if (is_gguf(path)) return gguf_model_config(GgufFile(path));
  return parse_model_config(read_file(path + "/config.json", kLargestConfig));
}

RunConfig parse_run(const json& job) {
  if (!job.contains("run") || !job["run"].is_object()) fail("E_RUN", "The job carries no run.", "This is a fault of the program around the engine.");
  RunConfig config;
  try {
    const json& run = config.run = job["run"];
    parse_model(run, config);
    parse_training(run, config);
    parse_data(job, run, config);
    const json method = run.value("method", json::object());
    config.method = method.value("name", std::string());
    config.method_parameters = complete_parameters(config.method, method);
    config.method_parameters["parkFolder"] = config.output.empty() ? "." : config.output;
    config.targets = run.value("targets", json("all-linear"));
    const Section storage(run, "storage");
    config.nf4 = storage.text("weights", "dense", {"dense", "nf4"}) == "nf4";
    config.double_quantize = config.nf4 && storage.boolean("doubleQuantize", true);
  } catch (const json::exception& e) {
    fail("E_RUN", std::string("The run file has a value of the wrong type: ") + e.what() + ".", "Correct the run file.");
  }
  return config;
}

}  // namespace rankwise
