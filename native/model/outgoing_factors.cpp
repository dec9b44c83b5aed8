#include "model/outgoing_factors.h"

#include <algorithm>
#include <cmath>

#include "model/fused_modules.h"

namespace rankwise {

namespace {

// The parts of a fused matrix that have a delta, and their ranks one after the other.
struct Stack {
  const FileMatrix& matrix;
  std::vector<FileMatrix::Part> parts;
  int64_t rank = 0;

  explicit Stack(const FileMatrix& of) : matrix(of) {
    for (const auto& part : of.parts) {
      if (!part.linear->delta) continue;
      parts.push_back(part);
      rank += part.linear->delta->rank;
    }
  }
  float scale() const { return parts[0].linear->delta->scale; }
};

void add_factor(std::vector<OutgoingFactor>& list, const std::string& module, const char* suffix, int64_t rows, int64_t cols, std::function<void(const View&)> read) {
  list.push_back({{"base_model.model." + module + suffix, DType::f32, {rows, cols}}, std::move(read)});
}

void add_alone(std::vector<OutgoingFactor>& list, const Context& context, const Linear& linear) {
  const Weight &a = linear.delta->a.storage, &b = linear.delta->b.storage;
  add_factor(list, linear.name, ".lora_A.weight", a.rows(), a.cols(), [&context, &a](const View& to) { a.read(context, to); });
  add_factor(list, linear.name, ".lora_B.weight", b.rows(), b.cols(), [&context, &b](const View& to) { b.read(context, to); });
}

void add_stack(std::vector<OutgoingFactor>& list, const Context& context, const Stack& stack) {
  add_factor(list, stack.matrix.module, ".lora_A.weight", stack.rank, stack.parts[0].linear->in, [&context, parts = stack.parts](const View& to) {
    int64_t at = 0;
    for (const auto& [linear, first_row] : parts) {
      linear->delta->a.storage.read(context, to.row_range(at, linear->delta->rank));
      at += linear->delta->rank;
    }
  });
  add_factor(list, stack.matrix.module, ".lora_B.weight", stack.matrix.rows, stack.rank, [&context, parts = stack.parts, scale = stack.scale()](const View& to) {
    context.ops.zero(to);
    int64_t at = 0;
    for (const auto& [linear, first_row] : parts) {
      const LowRankDelta& delta = *linear->delta;
      context.ops.axpby(delta.scale / scale, delta.b.storage.dense(), 0.0f, to.row_range(first_row, linear->out).col_range(at, delta.rank));
      at += delta.rank;
    }
  });
}

// The alpha that gives this scale: the round one where there is one, as scales are kept in float32.
double alpha_of(float scale, double divisor) {
  const double exact = static_cast<double>(scale) * divisor, round = std::round(exact * 1e4) / 1e4;
  return static_cast<float>(round / divisor) == scale ? round : exact;
}

// The names of the engine's layers, given in full or by their last part, become those of the files.
void rename_targets(const ModelConfig& model, nlohmann::json& config) {
  std::vector<std::string> targets;
  for (const auto& name : config["target_modules"]) {
    const std::string module = place_in_files(model, name.get<std::string>()).module;
    if (std::find(targets.begin(), targets.end(), module) == targets.end()) targets.push_back(module);
  }
  config["target_modules"] = targets;
  for (const char* pattern : {"rank_pattern", "alpha_pattern"}) {
    nlohmann::json kept = nlohmann::json::object();
    for (const auto& [name, value] : config[pattern].items()) {
      if (place_in_files(model, name).module == name) kept[name] = value;
    }
    config[pattern] = kept;
  }
}

}  // namespace

std::vector<OutgoingFactor> outgoing_factors(const Context& context, const Model& model, nlohmann::json& config) {
  rename_targets(model.config, config);
  const bool root = config["use_rslora"];
  std::vector<OutgoingFactor> list;
  for (const Block& block : model.blocks) {
    for (const FileMatrix& matrix : file_matrices(model.config, block)) {
      const Stack stack(matrix);
      if (stack.parts.empty()) continue;
      if (matrix.parts.size() == 1) {
        add_alone(list, context, *stack.parts[0].linear);
        continue;
      }
      add_stack(list, context, stack);
      const double rank = static_cast<double>(stack.rank);
      config["rank_pattern"][matrix.module] = stack.rank;
      config["alpha_pattern"][matrix.module] = alpha_of(stack.scale(), root ? std::sqrt(rank) : rank);
    }
  }
  return list;
}

}  // namespace rankwise
