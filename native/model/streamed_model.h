#pragma once
#include <memory>
#include <string>
#include <vector>

#include "io/peft.h"
#include "model/model.h"

namespace rankwise {

// A model folder with an adapter folded in, one tensor at a time: what merging writes, without a model in memory.
class StreamedModel {
 public:
  struct Entry {
    std::string name;  // as Hugging Face has it
    int64_t rows = 0, cols = 0;
    bool vector = false;
  };

  // `adapter` empty = none. Shapes of weights and adapter are checked, values are not read. Throws what the readers throw, E_ADAPTER
  // where the adapter does not fit.
  StreamedModel(const ModelConfig& config, const std::string& folder, const std::string& adapter, float adapter_scale);

  const ModelConfig& config() const { return config_; }
  const std::vector<Entry>& entries() const { return entries_; }  // in the order of Model::visit
  const Entry& entry(const std::string& name) const;
  void read(const Context& context, const Entry& entry, const View& to) const;  // f32 [rows × cols]

 private:
  ModelConfig config_;
  std::vector<Entry> entries_;
  std::unique_ptr<WeightSource> source_;
  std::unique_ptr<PeftAdapter> adapter_;
  float adapter_scale_;
};

}  // namespace rankwise
