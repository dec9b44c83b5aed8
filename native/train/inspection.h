#pragma once
#include <nlohmann/json.hpp>

#include "core/job_control.h"
#include "train/trainer.h"

namespace rankwise {

// {kind: "norms", adapter} → {layers: [{name, norm}]}: what a PEFT folder adds to each layer, ‖ΔW‖, in the order of the layers.
nlohmann::json adapter_norms_job(const nlohmann::json& job);

// {kind: "logits-compare", model, adapter?, adapterScale?, other, tokens | ids, …}: how far the logits of a model with its adapter are
// from those of another model (the receipt of a merge), computed on the processor. One block of one model is in memory at a time, so models
// may be larger than the memory; the logits of the first are kept.
// Throws E_JOB for sequences without a prediction or for more than can be kept, E_NONFINITE where a model computes no numbers.
nlohmann::json compare_logits_job(const nlohmann::json& job, const JobControl& control, const EventSink& emit);

}  // namespace rankwise
