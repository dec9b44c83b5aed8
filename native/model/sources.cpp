#include "io/safetensors.h"
#include "model/gguf_source.h"
#include "model/model.h"
#include "ops/host_access.h"

namespace rankwise {

namespace {

class FolderSource : public WeightSource {
 public:
  explicit FolderSource(const std::string& folder) : tensors_(folder) {}
  void fill(const Context& context, const std::string& name, const View& to, bool vector) const override {
    const std::vector<int64_t> shape = vector ? std::vector<int64_t>{to.cols} : std::vector<int64_t>{to.rows, to.cols};
    if (!context.arena.real()) return tensors_.require(name, shape);  // a plan refuses the weights that a run would refuse
    HostWrite values(context, to);
    tensors_.read(name, shape, to.dtype, values.data());
    values.done();
  }

 private:
  ModelTensors tensors_;
};

class RandomSource : public WeightSource {
 public:
  RandomSource(float deviation, uint64_t seed) : deviation_(deviation), seed_(seed) {}
  void fill(const Context& context, const std::string& name, const View& to, bool vector) const override {
    if (!vector) {
      context.ops.fill_normal(to, deviation_, {seed_, hash_name(name.c_str()), 0});
      return;
    }
    const bool bias = name.size() > 5 && name.compare(name.size() - 5, 5, ".bias") == 0;
    context.ops.zero(to);
    if (!bias) context.ops.fill_uniform(to, 1.0f, 1.0f, {});
  }

 private:
  float deviation_;
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<WeightSource> model_source(const std::string& path) {
  if (is_gguf(path)) return gguf_source(path);
  return std::make_unique<FolderSource>(path);
}

std::unique_ptr<WeightSource> random_source(const ModelConfig& config, uint64_t seed) {
  return std::make_unique<RandomSource>(config.initializer_range, seed);
}

}  // namespace rankwise
