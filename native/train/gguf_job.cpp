#include "train/gguf_job.h"

#include <bit>
#include <cstring>
#include <filesystem>

#include "core/error.h"
#include "cpu/backend.h"
#include "model/gguf_adapter.h"
#include "model/gguf_export.h"
#include "model/gguf_families.h"
#include "model/gguf_source.h"
#include "train/gguf_proof.h"
#include "train/inference.h"
#include "train/progress.h"
#include "train/run_config.h"

namespace rankwise {

using nlohmann::json;

namespace {

GgufValue value_of(const std::string& type, const json& value) {
  if (type == "text") return value.get<std::string>();
  if (type == "u32") return value.get<uint32_t>();
  if (type == "bool") return value.get<bool>();
  if (type == "texts") return value.get<std::vector<std::string>>();
  if (type == "f32s") return value.get<std::vector<float>>();
  if (type == "i32s") return value.get<std::vector<int32_t>>();
  fail("E_JOB", "A key of a GGUF file cannot be given as \"" + type + "\".", "This is a fault of the program around the engine.");
}

GgufMetadata metadata_of(const json& job) {
  GgufMetadata metadata;
  for (const json& each : job.at("metadata")) metadata.emplace_back(each.at("key").get<std::string>(), value_of(each.at("type").get<std::string>(), each.at("value")));
  return metadata;
}

// Whether every value of the model is one that bfloat16 has.
bool fits_bf16(const GgufFile& file, const ModelConfig& config) {
  for (const GgufTensor& tensor : file.tensors()) {
    if (tensor.type == GgmlType::bf16 || gguf_is_rotary(tensor.name, config)) continue;
    if (tensor.type != GgmlType::f32) return false;
    const float more = gguf_origins(tensor.name, config).front().holds_one_more ? 1.0f : 0.0f;
    const auto* bytes = static_cast<const unsigned char*>(file.data(tensor));
    for (uint64_t i = 0; i < tensor.bytes; i += 4) {
      float value;
      std::memcpy(&value, bytes + i, 4);
      if (std::bit_cast<uint32_t>(value - more) & 0xffff) return false;
    }
  }
  return true;
}

StreamedModel streamed(const InferenceSettings& settings) {
  return {read_model_config(settings.model), settings.model, settings.adapter, settings.adapter_scale};
}

GgufPlan plan_of(const StreamedModel& model, const json& job) {
  const std::string type = job.at("type");
  const auto preset = gguf_preset(type);
  if (!preset) fail("E_JOB", "GGUF files of the type \"" + type + "\" are not written.", "Use f32, bf16, f16, q8_0, q6_k, q5_k_m, q4_k_m or q4_0.");
  return plan_gguf(model, *preset, metadata_of(job));
}

}  // namespace

json plan_gguf_job(const json& job) {
  const StreamedModel model = streamed(parse_inference(job));
  const GgufPlan plan = plan_of(model, job);
  return {{"bytes", plan.bytes()}, {"tensors", plan.items.size()}, {"types", plan.types()}, {"contextLength", gguf_context(model.config())}};
}

json gguf_job(const json& job, const JobControl& control, const EventSink& emit) {
  control.require_not_cancelled();
  const InferenceSettings settings = parse_inference(job);
  const StreamedModel model = streamed(settings);
  const GgufPlan plan = plan_of(model, job);
  Arena arena(Arena::Kind::real, settings.budget);
  CpuBackend ops(arena, settings.device.threads);
  const Context context{ops, arena, Product::f32, DType::f32};
  ThreadPool pool(ops.threads());
  const Progress told = progress_events(control, emit);
  const auto count = static_cast<int64_t>(plan.items.size());
  const std::string output = job.at("output");
  try {
    write_gguf(context, pool, model, plan, output, [&](int64_t done, int64_t) { told(done, 2 * count); });
    json receipt = prove_gguf(context, pool, model, plan, output, [&](int64_t done, int64_t) { told(count + done, 2 * count); });
    receipt["peakBytes"] = arena.usage().peak_bytes;
    return receipt;
  } catch (...) {
    std::filesystem::remove(output);
    throw;
  }
}

json gguf_keys_job(const json& job) {
  const std::string path = job.at("model");
  const GgufFile file(path);
  const ModelConfig config = gguf_model_config(file);
  json types = json::object(), keys = json::object();
  uint64_t parameters = 0;
  for (const GgufTensor& tensor : file.tensors()) {
    types[name_of(tensor.type)] = types.value(name_of(tensor.type), 0) + 1;
    parameters += tensor.elements();
  }
  for (const auto& [name, value] : file.metadata()) {
    if (name.rfind("general.", 0) != 0 && name.rfind("tokenizer.", 0) != 0) continue;
    keys[name] = std::visit([](const auto& held) -> json { return held; }, value);
  }
  try {
    (void)keys.dump();
  } catch (const json::exception&) {
    fail("E_GGUF", "The GGUF file has texts that are not UTF-8.", "Download or export it again.");
  }
  return {{"parameters", parameters}, {"types", types}, {"fitsBfloat16", fits_bf16(file, config)}, {"keys", keys}};
}

json gguf_lora_job(const json& job, const JobControl& control, const EventSink& emit) {
  control.require_not_cancelled();
  const InferenceSettings settings = parse_inference(job);
  const StreamedModel model = streamed(settings);  // proves that the adapter fits
  return write_gguf_adapter(model.config(), PeftAdapter(settings.adapter), settings.adapter_scale, job.at("name"), job.at("output"), progress_events(control, emit));
}

}  // namespace rankwise
