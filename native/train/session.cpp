#include "train/session.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "io/files.h"
#include "methods/registry.h"
#include "model/generate.h"
#include "model/save.h"
#include "ops/host_access.h"

namespace rankwise {

namespace {

MethodSettings method_settings(const RunConfig& config) {
  MethodSettings settings;
  settings.parameters = config.method_parameters;
  settings.optimizer = config.optimizer;
  settings.targets = Targets(config.targets);
  settings.storage.kind = config.nf4 ? StorageKind::nf4 : StorageKind::dense;
  settings.storage.dtype = config.bf16 ? DType::bf16 : DType::f32;
  settings.storage.double_quantize = config.double_quantize;
  settings.bf16 = config.bf16;
  settings.master_weights = config.master_weights;
  settings.accumulation = static_cast<int>(config.accumulation);
  settings.per_layer = config.per_layer;
  settings.seed = config.seed;
  return settings;
}

int64_t longest_sample(const RunConfig& config) {
  size_t longest = 0;
  for (const SamplePrompt& sample : config.samples) longest = std::max(longest, sample.ids.size());
  return config.samples.empty() ? 0 : static_cast<int64_t>(longest) + config.sample_tokens;
}

}  // namespace

Session::Session(Backend& ops, Arena& arena, const RunConfig& config, bool recompute)
    : config_(config),
      recompute_(recompute),
      context_{ops, arena, config.bf16 ? Product::bf16 : Product::f32, config.bf16 ? DType::bf16 : DType::f32},
      method_(make_method(config.method, method_settings(config))),
      source_(config.model_folder.empty() ? random_source(config.model, config.seed) : model_source(config.model_folder, config.model)) {
  ModelLayout layout;
  layout.linear = [&](const std::string& name) { return method_->layout(name); };
  layout.embedding = layout.head = method_->embedding_dtype();
  layout.positions = std::max(config.sequence_length, longest_sample(config));
  model_ = allocate_model(context_, config.model, layout);
  load_model(context_, model_, *source_);
  Targets(config.targets).require_all_used(model_);
  method_->attach(context_, model_, *source_, parameters_);
  batch_.emplace(context_, config.micro_batch, config.sequence_length);
  losses_ = context_.lasting(DType::f32, 1, batch_->batch().tokens(), Category::workspace);
}

StepInfo Session::info(int64_t index, float gradient_scale) const {
  return {index, static_cast<float>(config_.schedule.at(index)), gradient_scale, config_.seed};
}

double Session::squared_gradient_norm(int unit) {
  std::vector<View> gradients;
  for (const auto& parameter : parameters_.all()) {
    if ((unit < 0 || parameter->unit() == unit) && parameter->has_gradient()) gradients.push_back(parameter->gradient());
  }
  return context_.ops.sum_squares(gradients);
}

void Session::update(Parameter& parameter, int64_t index, float gradient_scale, EventReport& report) {
  const UpdatePolicy policy = method_->policy(parameter, index);
  if (policy == UpdatePolicy::none) return parameter.release_gradient();
  if (policy == UpdatePolicy::zero_gradient) {
    parameter.release_gradient();
    parameter.gradient_to_add(context_);
  }
  if (parameter.has_gradient()) parameter.rule().apply(context_, parameter, info(index, gradient_scale), report);
  parameter.release_gradient();
}

void Session::finish_unit(int unit, int64_t index, bool event, StepResult& result) {
  if (event) method_->unit_ready(context_, model_, *source_, unit, index, result.event);
  if (!config_.per_layer) return;
  const double squared = squared_gradient_norm(unit);
  result.gradient_norm += squared;
  if (!std::isfinite(squared)) {
    result.finite = false;
    return;
  }
  for (const auto& parameter : parameters_.all()) {
    if (parameter->unit() == unit) update(*parameter, index, 1.0f, result.event);
  }
}

void Session::forward_backward(const Batch& batch, int64_t index, float scale, bool last, bool event, StepResult& result) {
  const int64_t n = batch.tokens(), d = model_.config.hidden_size;
  const size_t layers = model_.blocks.size();
  std::vector<Tensor> x(layers + 1);
  std::vector<BlockActivations> kept(layers);
  auto residual = [&] { return context_.passing(context_.activation, n, d, Category::activations); };
  x[0] = residual();
  embed(context_, model_, batch.ids, x[0]);
  for (size_t layer = 0; layer < layers; ++layer) {
    x[layer + 1] = residual();
    const int unit = static_cast<int>(layer) + 1;
    if (event) method_->enter_unit(context_, unit, false);
    block_forward(context_, model_, model_.blocks[layer], batch, x[layer], x[layer + 1], recompute_ ? nullptr : &kept[layer]);
    if (event) method_->leave_unit(context_, unit, false);
  }
  // The gradient takes the place of the last block's output, which nobody else reads.
  Tensor g = std::move(x[layers]);
  head_loss(context_, model_, g, batch.targets, losses_, scale, &g.view());
  result.loss += context_.ops.sum(losses_) * static_cast<double>(scale);
  if (context_.arena.real() && !std::isfinite(result.loss)) result.finite = false;
  auto finish = [&](int unit) {
    if (last) finish_unit(unit, index, event, result);
  };
  finish(model_.last_unit());
  for (size_t layer = layers; layer-- > 0 && result.finite;) {
    const int unit = static_cast<int>(layer) + 1;
    if (event) method_->enter_unit(context_, unit, true);
    if (recompute_) {
      Tensor again = residual();
      block_forward(context_, model_, model_.blocks[layer], batch, x[layer], again, &kept[layer]);
    }
    if (event) method_->await_unit(context_, unit);
    block_backward(context_, model_, model_.blocks[layer], batch, x[layer], kept[layer], g);
    x[layer].reset();
    if (event && !last) method_->leave_unit(context_, unit, true);
    finish(unit);
  }
  if (!result.finite) return;
  embed_backward(context_, model_, batch.ids, g);
  finish(0);
}

StepResult Session::step(int64_t index, const TokenFile* file, const SequenceOrder* order) {
  StepResult result;
  result.learning_rate = config_.schedule.at(index);
  const bool event = method_->event_due(index);
  const int64_t window = config_.micro_batch * config_.accumulation;
  int64_t targets = 1;
  if (file) {
    targets = 0;
    for (int64_t i = 0; i < window; ++i) targets += file->targets(order->training_at(index * window + i));
    if (targets == 0) {
      fail("E_DATA", "No prediction of step " + std::to_string(index) + " counts: every label is ignored.", "Check the labels or data.trainOn.");
    }
  }
  result.tokens = window * config_.sequence_length;
  method_->begin_step(context_, model_, *source_, index);
  for (int64_t micro = 0; micro < config_.accumulation; ++micro) {
    for (int64_t row = 0; file && row < config_.micro_batch; ++row) {
      batch_->set(row, *file, order->training_at(index * window + micro * config_.micro_batch + row));
    }
    batch_->finish();
    forward_backward(batch_->batch(), index, 1.0f / static_cast<float>(targets), micro + 1 == config_.accumulation, event, result);
    if (!result.finite) return result;
  }
  if (config_.per_layer) {
    result.gradient_norm = std::sqrt(result.gradient_norm);
    return result;
  }
  result.gradient_norm = std::sqrt(squared_gradient_norm(-1));
  if (!std::isfinite(result.gradient_norm)) {
    result.finite = false;
    return result;
  }
  const bool clip = config_.clip_norm > 0 && result.gradient_norm > config_.clip_norm;
  // The small constant is torch's, so that clipped runs agree with it.
  const float gradient_scale = clip ? static_cast<float>(config_.clip_norm / (result.gradient_norm + 1e-6)) : 1.0f;
  for (const auto& parameter : parameters_.all()) update(*parameter, index, gradient_scale, result.event);
  return result;
}

EvalResult Session::evaluate(const TokenFile* file, const SequenceOrder* order) {
  return rankwise::evaluate(context_, model_, *batch_, losses_, file, order, config_.eval_batches);
}

std::vector<int32_t> Session::sample(const std::vector<int32_t>& prompt, int64_t tokens) {
  GenerationSettings settings;
  settings.max_tokens = tokens;
  settings.seed = config_.seed;
  return generate(context_, model_, prompt, settings);
}

void Session::visit_state(const StateVisitor& visitor) {
  for (const auto& parameter : parameters_.all()) {
    visitor(parameter->name(), parameter->value());
    parameter->rule().visit(parameter->name(), visitor);
  }
  method_->visit(visitor);
}

nlohmann::json Session::counters() const {
  nlohmann::json counters = nlohmann::json::object();
  for (const auto& parameter : parameters_.all()) counters[parameter->name()] = parameter->rule().moments().count();
  return counters;
}

void Session::restore_counters(const nlohmann::json& counters) {
  for (const auto& parameter : parameters_.all()) {
    if (!counters.contains(parameter->name())) fail("E_CHECKPOINT", "The checkpoint lacks the update count of " + parameter->name() + ".", "It belongs to another run.");
    parameter->rule().moments().set_count(counters[parameter->name()].get<int64_t>());
  }
}

std::string Session::parameter_hash() {
  Sha256 hash;
  const StateVisitor add = [&](const std::string& name, const View& view) {
    hash.update(name.data(), name.size() + 1);
    if (!view.data) return;
    const HostRead values(context_, view);
    hash.update(values.data(), values.bytes());
  };
  model_.visit(add);
  for (const auto& parameter : parameters_.all()) add(parameter->name(), parameter->value());
  method_->visit(add);
  return hash.hex();
}

void Session::save(const std::string& output) {
  if (method_->writes_adapter()) save_adapter(context_, model_, method_->peft_config(), config_.model_folder, output + "/adapter");
  if (method_->writes_model()) save_model(context_, model_, config_.bf16 ? DType::bf16 : DType::f32, output + "/model");
}

}  // namespace rankwise
