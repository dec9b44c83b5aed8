#include "methods/families.h"
#include "update/galore.h"

namespace rankwise {

namespace {

// Dense weights; the target layers follow GaLore's projected Adam, everything else plain AdamW.
class Galore : public Method {
 public:
  explicit Galore(const MethodSettings& settings) : settings_(settings) {
    galore_.rank = settings.parameters.at("rank");
    galore_.interval = settings.parameters.at("interval");
    galore_.scale = settings.parameters.at("scale");
  }
  StorageFormat layout(const std::string&) const override { return {StorageKind::dense, trained_dtype(settings_), false}; }
  DType embedding_dtype() const override { return trained_dtype(settings_); }
  int64_t next_event(int64_t from) const override { return (from + galore_.interval - 1) / galore_.interval * galore_.interval; }
  const char* event_kind() const override { return "refresh"; }
  void attach(const Context& context, Model& model, const WeightSource&, ParameterList& parameters) override {
    train_rest(context, settings_, model, parameters);
    model.for_each_linear([&](Linear& linear) {
      if (!settings_.targets.matches(linear.name)) return train_dense(context, settings_, linear, parameters);
      Parameter& parameter = parameters.add(context, settings_, linear.name + ".weight", linear.weight.dense(), linear.unit, true);
      parameter.set_rule(std::make_unique<GaloreUpdate>(context, settings_.optimizer, galore_, parameter));
      linear.weight_parameter = &parameter;
    });
  }

 private:
  MethodSettings settings_;
  GaloreSettings galore_;
};

}  // namespace

std::unique_ptr<Method> make_galore(const MethodSettings& settings) { return std::make_unique<Galore>(settings); }

}  // namespace rankwise
