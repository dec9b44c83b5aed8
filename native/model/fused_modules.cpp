#include "model/fused_modules.h"

namespace rankwise {

namespace {

struct Part {
  const char *name, *fused;
  int64_t first_row, rows, of_rows;
};

std::vector<Part> parts_of(const ModelConfig& c) {
  if (c.model_type != "phi3") return {};
  const int64_t q = c.q_width(), kv = c.kv_width(), f = c.intermediate_size;
  return {{"q_proj", "qkv_proj", 0, q, q + 2 * kv},
          {"k_proj", "qkv_proj", q, kv, q + 2 * kv},
          {"v_proj", "qkv_proj", q + kv, kv, q + 2 * kv},
          {"gate_proj", "gate_up_proj", 0, f, 2 * f},
          {"up_proj", "gate_up_proj", f, f, 2 * f}};
}

}  // namespace

FilePlace place_in_files(const ModelConfig& config, const std::string& module) {
  const size_t last = module.rfind('.') + 1;  // 0 where the name stands alone
  for (const Part& part : parts_of(config)) {
    if (module.compare(last, std::string::npos, part.name) == 0) return {module.substr(0, last) + part.fused, part.first_row, part.of_rows};
  }
  return {module};
}

std::vector<FileMatrix> file_matrices(const ModelConfig& config, const Block& block) {
  std::vector<FileMatrix> list;
  for (const Linear& linear : block.linears) {
    const FilePlace place = place_in_files(config, linear.name);
    if (list.empty() || list.back().module != place.module) list.push_back({place.module, place.rows ? place.rows : linear.out, {}});
    list.back().parts.push_back({&linear, place.first_row});
  }
  return list;
}

void take_fused_layers_apart(const ModelConfig& config, PeftAdapter& adapter) {
  std::vector<std::string> modules;
  for (const auto& [module, layer] : adapter.layers()) modules.push_back(module);
  const std::vector<Part> all = parts_of(config);
  for (const std::string& module : modules) {
    const size_t last = module.rfind('.') + 1;
    std::vector<PeftAdapter::Rows> rows;
    for (const Part& part : all) {
      if (module.compare(last, std::string::npos, part.fused) == 0) rows.push_back({module.substr(0, last) + part.name, part.first_row, part.rows});
    }
    if (!rows.empty()) adapter.split(module, rows);
  }
}

}  // namespace rankwise
