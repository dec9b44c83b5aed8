#include "train/jobs.h"

#include <algorithm>
#include <cmath>

#include "bench/library/bench.h"
#include "core/error.h"
#include "core/process_memory.h"
#include "core/text.h"
#include "cpu/backend.h"
#include "io/safetensors.h"
#include "cuda/host/library.h"
#include "methods/registry.h"
#include "model/generate.h"
#include "model/likelihood.h"
#include "model/save.h"
#include "ops/host_access.h"
#include "ops/selftest.h"
#include "train/evaluate.h"
#include "train/gguf_job.h"
#include "train/inference.h"
#include "train/inspection.h"
#include "train/plan.h"
#include "train/progress.h"

namespace rankwise {

using nlohmann::json;

namespace {

json eval_job(const json& job, const JobControl& control, const EventSink& emit) {
  InferenceSettings settings = parse_inference(job);
  const ModelConfig config = read_model_config(settings.model);
  const TokenFile file(job.at("tokens").get<std::string>(), config.vocab_size);
  settings.positions = file.length();
  const int64_t rows = std::clamp<int64_t>(2048 / file.length(), 1, file.sequences());
  const auto measure = [&](const Context& context, Model& model, const TokenFile* from, const Progress& progress) {
    BatchBuffer buffer(context, rows, file.length());
    const Tensor losses = context.lasting(DType::f32, 1, rows * file.length(), Category::workspace);
    return evaluate(context, model, buffer, losses, from, nullptr, 0, progress);
  };
  InferenceModel inference(settings, control, [&](const Context& context, Model& model) { measure(context, model, nullptr, {}); });
  const EvalResult result = measure(inference.context(), inference.model(), &file, progress_events(control, emit));
  return {{"loss", result.loss}, {"perplexity", std::exp(result.loss)}, {"tokens", result.tokens}, {"peakBytes", inference.arena().usage().peak_bytes}};
}

json logits_job(const json& job, const JobControl& control) {
  InferenceSettings settings = parse_inference(job);
  const ModelConfig config = read_model_config(settings.model);
  const TokenFile file(job.at("tokens").get<std::string>(), config.vocab_size);
  settings.positions = file.length();
  const auto one = [&](const Context& context, const Model& model, const Batch& batch) {
    const Tensor x = hidden_states(context, model, batch);
    Tensor logits = context.passing(DType::f32, file.length(), config.vocab_size, Category::activations);
    head_logits(context, model, x, logits);
    return logits;
  };
  InferenceModel inference(settings, control, [&](const Context& context, Model& model) {
    const BatchBuffer buffer(context, 1, file.length());
    one(context, model, buffer.batch());
  });
  const Context& context = inference.context();
  BatchBuffer buffer(context, 1, file.length());
  SafetensorsWriter writer(job.at("output").get<std::string>(), {{"logits", DType::f32, {file.sequences() * file.length(), config.vocab_size}}}, {});
  for (int64_t sequence = 0; sequence < file.sequences(); ++sequence) {
    buffer.set(0, file, sequence);
    buffer.finish();
    const Tensor logits = one(context, inference.model(), buffer.batch());
    const HostRead values(context, logits);
    writer.write(values.data(), values.bytes());
  }
  writer.finish();
  return {{"sequences", file.sequences()}, {"length", file.length()}, {"vocabSize", config.vocab_size}};
}

json token_event(int32_t id, const float* logits, int64_t vocab_size, bool probabilities) {
  if (!std::isfinite(logits[id])) {
    fail("E_NONFINITE", "What the model computes is no longer numbers.", "Its weights are damaged, or the run that made them diverged.");
  }
  json event = {{"type", "token"}, {"id", id}};
  if (!probabilities) return event;
  const double all = log_sum_exp(logits, vocab_size);
  const auto probability = [&](int32_t token) { return std::exp(logits[token] - all); };
  event["probability"] = probability(id);
  event["alternatives"] = json::array();
  for (const int32_t other : likeliest_tokens(logits, vocab_size, 5)) event["alternatives"].push_back({{"id", other}, {"probability", probability(other)}});
  return event;
}

json generate_job(const json& job, const JobControl& control, const EventSink& emit) {
  const auto prompt = job.at("ids").get<std::vector<int32_t>>();
  GenerationSettings generation;
  generation.max_tokens = job.value("maxTokens", int64_t{64});
  generation.temperature = job.value("temperature", 0.0);
  generation.top_p = job.value("topP", 1.0);
  generation.seed = job.value("seed", uint64_t{0});
  if (job.contains("eosIds") && job["eosIds"].is_array()) generation.stop_ids = job["eosIds"].get<std::vector<int32_t>>();
  InferenceSettings settings = parse_inference(job);
  if (generation.max_tokens < 1 || generation.max_tokens > (1 << 20)) fail("E_JOB", "The number of tokens to generate is out of range.", "Ask for 1 to 1048576.");
  settings.positions = static_cast<int64_t>(prompt.size()) + generation.max_tokens;
  const bool probabilities = job.value("probabilities", false);
  std::vector<int32_t> ids;
  uint64_t peak = 0;
  try {
    InferenceModel inference(settings, control, [&](const Context& context, Model& model) {
      // All memory is taken before the first token; a second one adds the pass of a single row.
      GenerationSettings two = generation;
      two.on_token = [count = 0](int32_t, const float*) mutable { return ++count < 2; };
      generate(context, model, prompt, two);
    });
    generation.on_token = [&](int32_t id, const float* logits) {
      emit(token_event(id, logits, inference.model().config.vocab_size, probabilities));
      return !control.cancelled();
    };
    ids = generate(inference.context(), inference.model(), prompt, generation);
    peak = inference.arena().usage().peak_bytes;
  } catch (const Error& e) {
    if (e.code() != "E_CANCELLED") throw;  // while the model was being loaded: nothing has been said yet
  }
  return {{"ids", ids}, {"peakBytes", peak}};
}

json merge_job(const json& job, const JobControl& control, const EventSink& emit) {
  control.require_not_cancelled();
  const InferenceSettings settings = parse_inference(job);
  const std::string dtype = job.value("dtype", std::string("float32"));
  if (dtype != "float32" && dtype != "bfloat16") fail("E_JOB", "A merged model cannot be written as " + dtype + ".", "Use float32 or bfloat16.");
  const std::string output = job.at("output");
  const StreamedModel model(read_model_config(settings.model), settings.model, settings.adapter, settings.adapter_scale);
  Arena arena(Arena::Kind::real, settings.budget);
  CpuBackend ops(arena, settings.device.threads);  // the disk is what takes time
  const Context context{ops, arena, Product::f32, DType::f32};  // folded in float32, rounded once when written
  save_model(context, model, dtype == "bfloat16" ? DType::bf16 : DType::f32, output, progress_events(control, emit));
  return {{"output", output}, {"peakBytes", arena.usage().peak_bytes}};
}

constexpr uint64_t kSelftestBytes = uint64_t{256} << 20;

json selftest_job() {
  json backends = json::array();
  int passed = 0, failed = 0;
  const auto check = [&](DeviceKind kind) {
    Device device({kind, 0, 0}, kind == DeviceKind::cuda ? kSelftestBytes : 0, 0);
    const SelftestReport report = run_op_table(device.ops(), device.arena());
    backends.push_back({{"name", device.ops().name()}, {"passed", report.passed}, {"failed", report.failed}, {"failures", report.failures}});
    passed += report.passed;
    failed += report.failed;
  };
  check(DeviceKind::cpu);
  if (CudaLibrary::instance().probe(0).available) check(DeviceKind::cuda);
  return {{"backends", backends}, {"passed", passed}, {"failed", failed}};
}

std::string version_text(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

json cuda_info() {
  const CudaStatus status = CudaLibrary::instance().probe(0);
  json info = {{"name", "cuda"}, {"available", status.available}, {"reason", status.reason}};
  if (!status.available) return info;
  const rw_card_info& card = status.card;
  info["detail"] = std::string(card.name) + ", " + human_bytes(card.memory_bytes) + ", compute capability " + std::to_string(card.major) + "." +
                   std::to_string(card.minor) + ", driver for CUDA " + version_text(card.driver) + ", cuBLASLt " + std::to_string(card.cublaslt_version);
  info["memoryBytes"] = card.memory_bytes;
  return info;
}

json train_job(const json& job, JobControl& control, const EventSink& emit) {
  return train(parse_run(job), job.value("resume", false), control, emit);
}

}  // namespace

json run_job(const json& job, JobControl& control, const EventSink& emit) {
  try {
    const std::string kind = job.at("kind");
    if (kind == "plan") return make_plan(parse_run(job)).to_json();
    if (kind == "train") return train_job(job, control, emit);
    if (kind == "eval") return eval_job(job, control, emit);
    if (kind == "logits") return logits_job(job, control);
    if (kind == "logits-compare") return compare_logits_job(job, control, emit);
    if (kind == "generate") return generate_job(job, control, emit);
    if (kind == "gguf-keys") return gguf_keys_job(job);
    if (kind == "merge") return merge_job(job, control, emit);
    if (kind == "gguf") return gguf_job(job, control, emit);
    if (kind == "gguf-lora") return gguf_lora_job(job, control, emit);
    if (kind == "gguf-plan") return plan_gguf_job(job);
    if (kind == "norms") return adapter_norms_job(job);
    if (kind == "bench") return bench_job(job, control, emit);
    if (kind == "selftest") return selftest_job();
    fail("E_JOB", "The engine knows no job \"" + kind + "\".", "This is a fault of the program around the engine.");
  } catch (const json::exception& e) {
    fail("E_JOB", std::string("The job has a value that is missing or of the wrong type: ") + e.what() + ".", "This is a fault of the program around the engine.");
  }
}

json engine_info() {
  json cpu = {{"name", "cpu"}, {"available", true}, {"reason", ""}};
  if (processor_isa() == Isa::none) {
    cpu["available"] = false;
    cpu["reason"] = "This processor has no AVX2 and FMA, which the engine needs.";
  }
  return {{"engineVersion", "0.1.0"},
          {"compiler", std::string("g++ ") + __VERSION__},
          {"isa", name_of(detect_isa())},
          {"cores", resolve_threads(0)},
          {"memoryBytes", machine_memory_bytes()},
          {"availableBytes", available_memory_bytes()},
          {"backends", json::array({cpu, cuda_info()})}};
}

json engine_registry() {
  json registry = method_registry();
  registry["presets"] = json::array();
  for (const std::string& name : preset_names()) {
    const ModelConfig c = preset_config(name);
    registry["presets"].push_back({{"name", name}, {"vocabSize", c.vocab_size}, {"hiddenSize", c.hidden_size}, {"layers", c.layers}, {"heads", c.heads},
                                   {"intermediateSize", c.intermediate_size}, {"maxPositions", c.max_positions}});
  }
  return registry;
}

}  // namespace rankwise
