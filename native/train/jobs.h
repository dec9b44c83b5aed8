#pragma once
#include <nlohmann/json.hpp>

#include "train/trainer.h"

namespace rankwise {

// Runs one job of the contract with main: {kind: plan | train | eval | generate | logits | logits-compare | merge | gguf | gguf-lora | gguf-plan | gguf-keys | norms | bench | selftest,
// …}. Streams events,
// returns the result, throws Error.
nlohmann::json run_job(const nlohmann::json& job, JobControl& control, const EventSink& emit);

// {engineVersion, compiler, isa, cores, memoryBytes, availableBytes, backends: […]}
nlohmann::json engine_info();
// The method registry with the presets.
nlohmann::json engine_registry();

}  // namespace rankwise
