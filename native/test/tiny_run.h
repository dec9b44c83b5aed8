#pragma once
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "core/rng.h"
#include "io/safetensors.h"
#include "test/temporary_folder.h"

namespace rankwise::test {

constexpr int64_t kTinyVocab = 61;

// config.json of a model small enough to train in milliseconds, with shapes that divide nothing evenly; `changes` make another of it.
inline void write_tiny_model(const std::string& folder, const nlohmann::json& changes = nlohmann::json::object()) {
  nlohmann::json config = {{"model_type", "llama"}, {"vocab_size", kTinyVocab}, {"hidden_size", 24}, {"intermediate_size", 40},
                           {"num_hidden_layers", 2}, {"num_attention_heads", 4}, {"num_key_value_heads", 2}, {"max_position_embeddings", 64},
                           {"rms_norm_eps", 1e-6}, {"rope_theta", 10000.0}, {"tie_word_embeddings", false}, {"initializer_range", 0.2}};
  config.update(changes);
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/config.json") << config.dump();
}

inline void write_tiny_tokens(const std::string& path, int64_t sequences, int64_t length) {
  std::vector<int32_t> ids(static_cast<size_t>(sequences * length));
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>(uniform({3, 1, 0}, i) * static_cast<float>(kTinyVocab));
  SafetensorsWriter writer(path, {{"input_ids", DType::i32, {sequences, length}}}, {});
  writer.write(ids.data(), ids.size() * sizeof(int32_t));
  writer.finish();
}

// A job {kind: "train"} on the tiny model; change what the test is about.
inline nlohmann::json tiny_job(const TemporaryFolder& folder, const std::string& output) {
  nlohmann::json run;
  run["name"] = "tiny";
  run["model"] = {{"path", folder / "model"}};
  run["initialize"] = "random";
  run["data"] = {{"sequenceLength", 12}, {"shuffle", true}};
  run["method"] = {{"name", "full"}};
  run["targets"] = "all-linear";
  run["storage"] = {{"weights", "dense"}, {"doubleQuantize", false}};
  run["optimizer"] = {{"name", "adamw"}, {"learningRate", 1e-3}, {"stateBits", 32}, {"perLayerUpdates", false}};
  run["schedule"] = {{"name", "constant"}};
  run["training"] = {{"steps", 5}, {"microBatch", 2}, {"gradientAccumulation", 1}, {"precision", "f32"}, {"recompute", "none"}, {"seed", 1}, {"evalEvery", 2}, {"checkpointEvery", 2}, {"evalBatches", 1}};
  run["device"] = {{"backend", "cpu"}, {"threads", 2}};
  return {{"kind", "train"},
          {"run", run},
          {"tokens", {{"train", folder / "tokens.safetensors"}, {"evalFraction", 0.2}}},
          {"outputDir", folder / output},
          {"samples", {{{"prompt", "p"}, {"ids", {1, 2, 3}}}}},
          {"sampleTokens", 4}};
}

}  // namespace rankwise::test
