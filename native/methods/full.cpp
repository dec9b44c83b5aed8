#include "methods/families.h"

namespace rankwise {

namespace {

// Every weight trained by the optimizer.
class Full : public Method {
 public:
  explicit Full(const MethodSettings& settings) : settings_(settings) {}
  StorageFormat layout(const std::string&) const override { return {StorageKind::dense, trained_dtype(settings_), false}; }
  DType embedding_dtype() const override { return trained_dtype(settings_); }
  void attach(const Context& context, Model& model, const WeightSource&, ParameterList& parameters) override {
    train_rest(context, settings_, model, parameters);
    model.for_each_linear([&](Linear& linear) { train_dense(context, settings_, linear, parameters); });
  }

 private:
  MethodSettings settings_;
};

}  // namespace

std::unique_ptr<Method> make_full(const MethodSettings& settings) { return std::make_unique<Full>(settings); }

}  // namespace rankwise
