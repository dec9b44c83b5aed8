#include "io/safetensors.h"
#include "model/fused_modules.h"
#include "model/gguf_source.h"
#include "model/model.h"
#include "ops/host_access.h"

namespace rankwise {

namespace {

class FolderSource : public WeightSource {
 public:
  FolderSource(const std::string& folder, const ModelConfig& config) : tensors_(folder), config_(config) {}
  void fill(const Context& context, const std::string& name, const View& to, bool vector) const override {
    if (vector) return take(context, name, {to.cols}, 0, to.cols, to);
    const size_t kind = name.rfind('.');  // "….q_proj" + ".weight"
    const FilePlace place = place_in_files(config_, name.substr(0, kind));
    take(context, place.module + name.substr(kind), {place.rows ? place.rows : to.rows, to.cols}, place.first_row, to.rows, to);
  }

 private:
  void take(const Context& context, const std::string& name, const std::vector<int64_t>& shape, int64_t first, int64_t count, const View& to) const {
    if (!context.arena.real()) return tensors_.require(name, shape);  // a plan refuses the weights that a run would refuse
    HostWrite values(context, to);
    tensors_.read_rows(name, shape, first, count, to.dtype, values.data());
    values.done();
  }

  ModelTensors tensors_;
  ModelConfig config_;
};

class RandomSource : public WeightSource {
 public:
  RandomSource(const ModelConfig& config, uint64_t seed)
      : deviation_(config.initializer_range), gain_(config.gains_around_zero ? 0.0f : 1.0f), seed_(seed) {}
  void fill(const Context& context, const std::string& name, const View& to, bool vector) const override {
    if (!vector) {
      context.ops.fill_normal(to, deviation_, {seed_, hash_name(name.c_str()), 0});
      return;
    }
    const bool bias = name.size() > 5 && name.compare(name.size() - 5, 5, ".bias") == 0;
    context.ops.zero(to);
    if (!bias && gain_ != 0.0f) context.ops.fill_uniform(to, gain_, gain_, {});
  }

 private:
  float deviation_, gain_;
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<WeightSource> model_source(const std::string& path, const ModelConfig& config) {
  if (is_gguf(path)) return gguf_source(path);
  return std::make_unique<FolderSource>(path, config);
}

std::unique_ptr<WeightSource> random_source(const ModelConfig& config, uint64_t seed) {
  return std::make_unique<RandomSource>(config, seed);
}

}  // namespace rankwise
