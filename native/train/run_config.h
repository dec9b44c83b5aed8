#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "methods/method.h"
#include "model/config.h"
#include "train/device.h"
#include "train/learning_rate.h"

namespace rankwise {

struct SamplePrompt {
  std::string prompt;
  std::vector<int32_t> ids;
};

// A run as the engine needs it: the run file (../shared contract, defaults written out by the caller) and where its tokens lie.
struct RunConfig {
  nlohmann::json run;  // as given, for the record
  ModelConfig model;
  std::string model_folder;  // empty: random weights
  std::string method;
  nlohmann::json method_parameters;
  nlohmann::json targets = "all-linear";
  bool nf4 = false;
  bool double_quantize = false;
  OptimizerSettings optimizer;
  bool per_layer = false;
  LearningRateSchedule schedule;
  int64_t steps = 1;
  int64_t micro_batch = 1;
  int64_t accumulation = 1;
  int64_t sequence_length = 256;
  double clip_norm = 0;  // 0 = off
  bool bf16 = false;
  bool master_weights = true;
  std::string recompute = "auto";  // none | blocks | auto
  uint64_t seed = 42;
  int64_t eval_every = 0;
  int64_t eval_batches = 0;  // 0 = all
  int64_t checkpoint_every = 0;
  int64_t keep_checkpoints = 2;
  int64_t patience = 0;  // evaluations without improvement before stopping; 0 = off
  uint64_t budget = 0;   // bytes; 0 = none set
  DeviceChoice device;
  bool shuffle = true;

  std::string train_tokens;
  std::string eval_tokens;
  double eval_fraction = 0;
  bool has_eval = false;
  std::vector<SamplePrompt> samples;
  int64_t sample_tokens = 0;
  std::string output;
  std::string parent_record;  // of the run that this one was forked from; empty = none
};

// Reads the job {run, tokens, outputDir, samples, sampleTokens}. Throws E_RUN naming the key that is missing, of the wrong type or out
// of range, and what config, presets and the registry throw.
RunConfig parse_run(const nlohmann::json& job);

// What the config.json of a model folder says, or the header of a GGUF file (E_CONFIG, E_READ, E_GGUF, E_UNSUPPORTED).
ModelConfig read_model_config(const std::string& path);

}  // namespace rankwise
