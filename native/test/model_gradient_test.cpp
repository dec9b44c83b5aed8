// The gradients of a whole model of each family, tensor by tensor, against differences of its loss along a random direction.
#include <cmath>
#include <optional>

#include "cpu/backend.h"
#include "methods/registry.h"
#include "model/decoder.h"
#include "test/check.h"
#include "test/tiny_run.h"
#include "train/run_config.h"
#include "train/token_data.h"

using namespace rankwise;
using nlohmann::json;
using test::check;

namespace {

constexpr int64_t kTokens = 10;

// A model with every weight, norm and bias at random, all of them trained.
class Bench {
 public:
  explicit Bench(const ModelConfig& config)
      : arena_(Arena::Kind::real, 0), ops_(arena_, 1), context_{ops_, arena_}, source_(random_source(config, 5)) {
    MethodSettings settings;
    settings.parameters = complete_parameters("full", json::object());
    settings.targets = Targets("all-linear");
    method_ = make_method("full", settings);
    ModelLayout layout;
    layout.linear = [&](const std::string& name) { return method_->layout(name); };
    layout.positions = kTokens;
    model_ = allocate_model(context_, config, layout);
    load_model(context_, model_, *source_);
    method_->attach(context_, model_, *source_, parameters_);
    for (const auto& parameter : parameters_.all()) {
      if (parameter->value().rows > 1) continue;
      Tensor noise = context_.passing(DType::f32, 1, parameter->value().cols, Category::workspace);
      ops_.fill_normal(noise, 0.3f, {7, hash_name(parameter->name().c_str()), 0});
      ops_.axpby(1.0f, noise, 1.0f, parameter->value());
    }
    batch_.emplace(context_, 1, kTokens);
    std::vector<int32_t> ids;
    for (int32_t i = 0; i < kTokens; ++i) ids.push_back(i * i % static_cast<int32_t>(test::kTinyVocab));
    batch_->set(0, ids.data(), nullptr, nullptr);
    batch_->finish();
  }

  const std::vector<std::unique_ptr<Parameter>>& parameters() const { return parameters_.all(); }
  const Context& context() const { return context_; }

  double loss() { return pass(false); }
  void gradients() { pass(true); }

 private:
  double pass(bool backward) {
    const Batch& batch = batch_->batch();
    const auto residual = [&] { return context_.passing(DType::f32, kTokens, model_.config.hidden_size, Category::activations); };
    std::vector<Tensor> x;
    std::vector<BlockActivations> kept(model_.blocks.size());
    x.push_back(residual());
    embed(context_, model_, batch.ids, x[0]);
    for (size_t layer = 0; layer < kept.size(); ++layer) {
      x.push_back(residual());
      block_forward(context_, model_, model_.blocks[layer], batch, x[layer], x[layer + 1], &kept[layer]);
    }
    Tensor losses = context_.passing(DType::f32, 1, kTokens, Category::workspace);
    Tensor g = std::move(x.back());
    head_loss(context_, model_, g, batch.targets, losses, 1.0f, backward ? &g.view() : nullptr);
    for (size_t layer = kept.size(); backward && layer-- > 0;) {
      block_backward(context_, model_, model_.blocks[layer], batch, x[layer], kept[layer], g);
    }
    if (backward) embed_backward(context_, model_, batch.ids, g);
    return ops_.sum(losses);
  }

  Arena arena_;
  CpuBackend ops_;
  Context context_;
  std::unique_ptr<WeightSource> source_;
  std::unique_ptr<Method> method_;
  ParameterList parameters_;
  Model model_;
  std::optional<BatchBuffer> batch_;
};

void check_family(const std::string& name, const json& changes) {
  test::TemporaryFolder folder;
  test::write_tiny_model(folder / "model", changes);
  Bench bench(read_model_config(folder / "model"));
  bench.gradients();
  for (const auto& parameter : bench.parameters()) {
    const View value = parameter->value();
    const Context& context = bench.context();
    Tensor direction = context.passing(DType::f32, value.rows, value.cols, Category::workspace);
    context.ops.fill_normal(direction, 1.0f, {9, hash_name(parameter->name().c_str()), 0});
    const auto* d = direction.as<float>();
    const auto* gradient = parameter->gradient().as<float>();
    double expected = 0, size = 0;
    for (int64_t i = 0; i < value.size(); ++i) {
      expected += static_cast<double>(gradient[i]) * static_cast<double>(d[i]);
      size += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
    }
    constexpr float kStep = 2e-3f;
    const auto loss_at = [&](float steps) {
      context.ops.axpby(steps * kStep, direction, 1.0f, value);
      const double loss = bench.loss();
      context.ops.axpby(-steps * kStep, direction, 1.0f, value);
      return loss;
    };
    // Of the fourth order, so that the step can be large against float32.
    const double found = (8 * (loss_at(1) - loss_at(-1)) - (loss_at(2) - loss_at(-2))) / (12 * static_cast<double>(kStep));
    check(size > 0, name + ", " + parameter->name() + " has a gradient");
    check(std::fabs(found - expected) <= 1e-2 * std::sqrt(size) + 2e-3,
          name + ", " + parameter->name() + ": " + std::to_string(expected) + ", by differences " + std::to_string(found));
  }
}

}  // namespace

int main() {
  check_family("llama", {{"attention_bias", true}, {"mlp_bias", true}});
  check_family("qwen3", {{"model_type", "qwen3"}, {"head_dim", 6}});
  check_family("phi3", {{"model_type", "phi3"}, {"partial_rotary_factor", 0.7}});
  check_family("olmo2", {{"model_type", "olmo2"}, {"attention_bias", true}});
  check_family("gemma2", {{"model_type", "gemma2"}, {"head_dim", 10}, {"sliding_window", 5}, {"query_pre_attn_scalar", 7}, {"attn_logit_softcapping", 1.5}, {"final_logit_softcapping", 2.5}, {"tie_word_embeddings", true}});
  check_family("gemma3", {{"model_type", "gemma3_text"}, {"head_dim", 10}, {"sliding_window", 5}, {"sliding_window_pattern", 2}, {"rope_scaling", {{"rope_type", "linear"}, {"factor", 4}}}});
  check_family("gemma", {{"model_type", "gemma"}, {"head_dim", 10}, {"tie_word_embeddings", true}});
  return test::finish();
}
