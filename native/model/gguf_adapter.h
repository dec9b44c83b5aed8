#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "core/job_control.h"
#include "io/peft.h"
#include "model/config.h"

namespace rankwise {

// Writes a LoRA adapter as the GGUF file that llama.cpp lays beside a model's (F32, `factor` times as strong as trained), and proves it:
// opened again, taken back by the reader's own mapping, every A has its bits and every scaled B its value to what rounding
// costs. Readers know one alpha and scale each layer by alpha / rank: where a layer's own scale differs (rsLoRA, ranks or alphas by
// layer), the difference is in its B. Answers {bytes, sha256, layers, alpha, folded: how many B were changed so}. Throws E_ADAPTER,
// E_UNSUPPORTED, E_WRITE, E_RECEIPT; there is no file then.
nlohmann::json write_gguf_adapter(const ModelConfig& config, const PeftAdapter& adapter, float factor, const std::string& name, const std::string& path,
                                  const Progress& progress);

}  // namespace rankwise
