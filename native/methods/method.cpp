#include "methods/method.h"

#include "core/error.h"

namespace rankwise {

namespace {

bool matches_glob(const char* pattern, const char* text) {
  if (*pattern == 0) return *text == 0;
  if (*pattern == '*') return matches_glob(pattern + 1, text) || (*text && matches_glob(pattern, text + 1));
  return *pattern == *text && matches_glob(pattern + 1, text + 1);
}

bool matches_pattern(const std::string& pattern, const std::string& name) {
  if (pattern.find('*') != std::string::npos) return matches_glob(pattern.c_str(), name.c_str());
  if (name == pattern) return true;
  return name.size() > pattern.size() && name.compare(name.size() - pattern.size(), pattern.size(), pattern) == 0 &&
         name[name.size() - pattern.size() - 1] == '.';
}

}  // namespace

Targets::Targets(const nlohmann::json& value) {
  if (value.is_array()) {
    for (const auto& pattern : value) patterns_.push_back(pattern.get<std::string>());
    if (patterns_.empty()) fail("E_TARGETS", "The list of target layers is empty.", "Use \"all-linear\", \"attention\", \"mlp\" or name layers.");
    return;
  }
  const std::string group = value.get<std::string>();
  if (group == "all-linear") {
    patterns_ = {"*"};
  } else if (group == "attention" || group == "mlp") {
    patterns_ = {group == "mlp" ? "*.mlp.*" : "*.self_attn.*"};
  } else {
    fail("E_TARGETS", "\"" + group + "\" is no group of target layers.", "Use \"all-linear\", \"attention\", \"mlp\" or a list of name patterns.");
  }
}

bool Targets::matches(const std::string& name) const {
  for (const std::string& pattern : patterns_) {
    if (matches_pattern(pattern, name)) return true;
  }
  return false;
}

void Targets::require_all_used(const Model& model) const {
  for (const std::string& pattern : patterns_) {
    bool used = false;
    for (const Block& block : model.blocks) {
      for (const Linear& linear : block.linears) used = used || matches_pattern(pattern, linear.name);
    }
    if (!used) {
      fail("E_TARGETS", "No layer of this model matches the target \"" + pattern + "\".",
           "Layers are named q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj.");
    }
  }
}

Parameter& ParameterList::add(const Context& context, const MethodSettings& settings, const std::string& name, const View& value, int unit,
                              bool decays) {
  list_.push_back(std::make_unique<Parameter>(name, value, unit, decays));
  if (!settings.per_layer) list_.back()->keep_gradient(context);
  return *list_.back();
}

std::vector<int64_t> Method::event_steps(int64_t end, size_t most) const {
  std::vector<int64_t> steps;
  for (int64_t step = next_event(0); step >= 0 && step < end && steps.size() < most; step = next_event(step + 1)) steps.push_back(step);
  return steps;
}

DType trained_dtype(const MethodSettings& settings) {
  return settings.bf16 && !settings.master_weights ? DType::bf16 : DType::f32;
}

namespace {

Parameter* add_with_adam(const Context& context, const MethodSettings& settings, ParameterList& parameters, const std::string& name,
                         const View& value, int unit, bool decays) {
  Parameter& parameter = parameters.add(context, settings, name, value, unit, decays);
  parameter.set_rule(std::make_unique<AdamUpdate>(context, settings.optimizer, parameter));
  return &parameter;
}

}  // namespace

void train_dense(const Context& context, const MethodSettings& settings, Linear& linear, ParameterList& parameters) {
  linear.weight_parameter = add_with_adam(context, settings, parameters, linear.name + ".weight", linear.weight.dense(), linear.unit, true);
}

void train_rest(const Context& context, const MethodSettings& settings, Model& model, ParameterList& parameters) {
  auto train_gain = [&](Gain& gain, int unit) {
    if (gain.value) gain.parameter = add_with_adam(context, settings, parameters, gain.name, gain.value, unit, false);
  };
  model.embedding_parameter =
      add_with_adam(context, settings, parameters, "model.embed_tokens.weight", model.embedding.dense(), 0, true);
  for (size_t layer = 0; layer < model.blocks.size(); ++layer) {
    Block& block = model.blocks[layer];
    const int unit = static_cast<int>(layer) + 1;
    for (Gain* gain : block.gains()) train_gain(*gain, unit);
    for (Linear& linear : block.linears) {
      if (linear.bias) linear.bias_parameter = add_with_adam(context, settings, parameters, linear.name + ".bias", linear.bias, unit, false);
    }
  }
  train_gain(model.final_norm, model.last_unit());
  if (model.head) model.head_parameter = add_with_adam(context, settings, parameters, "lm_head.weight", model.head.dense(), model.last_unit(), true);
}

}  // namespace rankwise
