#pragma once
#include <nlohmann/json.hpp>

#include "core/job_control.h"
#include "train/trainer.h"

namespace rankwise {

// {kind: "gguf-plan", model, adapter?, adapterScale?, type, metadata: [{key, type, value}]} → {bytes, tensors, types: {NAME: count}, contextLength}: the
// file that "gguf" would write. Reads headers alone.
nlohmann::json plan_gguf_job(const nlohmann::json& job);

// {kind: "gguf", …, output}: writes a model with its adapter folded in as a GGUF file and proves it (gguf_proof.h); not proved or
// cancelled, there is no file. Answers what the proof does and peakBytes, the most that tensors and blocks took. Progress counts
// tensors, written and proved.
nlohmann::json gguf_job(const nlohmann::json& job, const JobControl& control, const EventSink& emit);

// {kind: "gguf-keys", model: FILE} → {parameters, types: {NAME: count}, fitsBfloat16, keys: {NAME: value}}: what a file holds and what it says of itself, without the
// keys of its shape. Throws what the reader throws, E_UNSUPPORTED for an architecture that is not supported.
nlohmann::json gguf_keys_job(const nlohmann::json& job);

// {kind: "gguf-lora", model, adapter, adapterScale?, name, output}: writes the adapter alone (gguf_adapter.h). Progress counts layers,
// written and proved.
nlohmann::json gguf_lora_job(const nlohmann::json& job, const JobControl& control, const EventSink& emit);

}  // namespace rankwise
