#include <cmath>
#include <set>

#include "core/error.h"
#include "io/peft.h"
#include "methods/families.h"
#include "model/fused_modules.h"
#include "ops/host_access.h"

namespace rankwise {

namespace {

// LoRA (Hu et al. 2021) on dense or NF4 storage (QLoRA): ΔW = s·B·A with s = α/r, or α/√r (rsLoRA). A uniform in ±1/√n, B zero.
class Lora : public Method {
 public:
  explicit Lora(const MethodSettings& settings) : settings_(settings) {
    const auto& p = settings.parameters;
    rank_ = p.at("rank");
    alpha_ = p.at("alpha");
    rs_ = p.at("rankStabilized");
    train_rest_ = p.at("trainRest");
    const std::string from = p.at("initializeFrom").is_string() ? p.at("initializeFrom").get<std::string>() : "";
    if (!from.empty()) initial_ = std::make_unique<PeftAdapter>(from);
  }

  StorageFormat layout(const std::string&) const override { return settings_.storage; }
  DType embedding_dtype() const override { return train_rest_ ? trained_dtype(settings_) : settings_.storage.dtype; }
  bool writes_adapter() const override { return !train_rest_; }
  bool writes_model() const override { return train_rest_; }

  void attach(const Context& context, Model& model, const WeightSource&, ParameterList& parameters) override {
    if (initial_) take_fused_layers_apart(model.config, *initial_);
    check_initial(model);
    if (train_rest_) train_rest(context, settings_, model, parameters);
    std::set<std::string> modules;
    model.for_each_linear([&](Linear& linear) {
      const bool chosen = initial_ ? initial_->layers().count(linear.name) > 0 : settings_.targets.matches(linear.name);
      if (!chosen) return;
      add_delta(context, linear, parameters);
      modules.insert(linear.name.substr(linear.name.rfind('.') + 1));
      chosen_.push_back(linear.name);
    });
    module_names_.assign(modules.begin(), modules.end());
  }

  nlohmann::json peft_config() const override {
    // Bare module names only where they say exactly which layers were adapted.
    const bool everywhere = settings_.targets.whole_model() && !initial_;
    nlohmann::json rank_pattern = nlohmann::json::object(), alpha_pattern = nlohmann::json::object();
    if (initial_) {
      for (const auto& [module, layer] : initial_->layers()) {
        if (layer.rank != rank_) rank_pattern[module] = layer.rank;
        const double alpha = layer.scale * (rs_ ? std::sqrt(static_cast<double>(layer.rank)) : static_cast<double>(layer.rank));
        if (std::abs(alpha - alpha_) > 1e-6 * alpha) alpha_pattern[module] = alpha;
      }
    }
    return {{"peft_type", "LORA"},
            {"task_type", "CAUSAL_LM"},
            {"inference_mode", true},
            {"r", rank_},
            {"lora_alpha", alpha_},
            {"lora_dropout", 0.0},
            {"use_rslora", rs_},
            {"bias", "none"},
            {"fan_in_fan_out", false},
            {"init_lora_weights", true},
            {"rank_pattern", rank_pattern},
            {"alpha_pattern", alpha_pattern},
            {"target_modules", everywhere ? nlohmann::json(module_names_) : nlohmann::json(chosen_)}};
  }

 private:
  void check_initial(const Model& model) const {
    if (!initial_) return;
    std::set<std::string> names;
    for (const Block& block : model.blocks) {
      for (const Linear& linear : block.linears) {
        names.insert(linear.name);
        const auto found = initial_->layers().find(linear.name);
        if (found == initial_->layers().end()) continue;
        if (found->second.out != linear.out || found->second.in != linear.in) {
          fail("E_ADAPTER", "The adapter's " + linear.name + " does not have the shape of the model's.", "It was made for another base model.");
        }
      }
    }
    for (const auto& [module, layer] : initial_->layers()) {
      if (!names.count(module)) fail("E_ADAPTER", "The model has no layer " + module + ".", "The adapter was made for another base model.");
    }
  }

  void add_delta(const Context& context, Linear& linear, ParameterList& parameters) {
    auto delta = std::make_unique<LowRankDelta>();
    const PeftAdapter::Layer* given = initial_ ? &initial_->layers().at(linear.name) : nullptr;
    delta->rank = given ? given->rank : rank_;
    const double r = static_cast<double>(delta->rank);
    delta->scale = given ? given->scale : static_cast<float>(alpha_ / (rs_ ? std::sqrt(r) : r));
    const StorageFormat format{StorageKind::dense, trained_dtype(settings_), false};
    auto make = [&](Factor& factor, int64_t rows, int64_t cols, const char* suffix) {
      factor.storage = Weight(context, format, rows, cols, Category::deltas, Lifetime::lasting);
      factor.parameter = &parameters.add(context, settings_, linear.name + suffix, factor.storage.dense(), linear.unit, true);
      factor.parameter->set_rule(std::make_unique<AdamUpdate>(context, settings_.optimizer, *factor.parameter));
    };
    make(delta->a, delta->rank, linear.in, ".lora_A.weight");
    make(delta->b, linear.out, delta->rank, ".lora_B.weight");
    const View a = delta->a.storage.dense(), b = delta->b.storage.dense();
    if (given) {
      load_factor(context, a, [&](float* to) { initial_->read_a(linear.name, to); });
      load_factor(context, b, [&](float* to) { initial_->read_b(linear.name, to); });
    } else {
      const float bound = 1.0f / std::sqrt(static_cast<float>(linear.in));
      context.ops.fill_uniform(a, -bound, bound, {settings_.seed, hash_name((linear.name + ".lora_A.weight").c_str()), 0});
      context.ops.zero(b);
    }
    linear.delta = std::move(delta);
  }

  static void load_factor(const Context& context, const View& to, const std::function<void(float*)>& read) {
    Tensor dense = context.passing(DType::f32, to.rows, to.cols, Category::workspace);
    if (context.arena.real()) {
      HostWrite values(context, dense);
      read(values.as<float>());
      values.done();
    }
    context.ops.copy(dense, to);
  }

  MethodSettings settings_;
  int64_t rank_;
  double alpha_;
  bool rs_, train_rest_;
  std::unique_ptr<PeftAdapter> initial_;
  std::vector<std::string> module_names_, chosen_;
};

}  // namespace

std::unique_ptr<Method> make_lora(const MethodSettings& settings) { return std::make_unique<Lora>(settings); }

}  // namespace rankwise
