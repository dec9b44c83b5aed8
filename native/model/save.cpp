#include "model/save.h"

#include <functional>
#include <map>

#include "core/error.h"
#include "io/files.h"
#include "io/peft.h"
#include "io/safetensors.h"
#include "model/fused_modules.h"
#include "model/outgoing_factors.h"
#include "model/rope_scaling.h"
#include "ops/host_access.h"

namespace rankwise {

namespace {

constexpr uint64_t kShardBytes = uint64_t{5} << 30;

// A tensor to be written: its place in the file, and what puts its values into a dense f32 matrix.
struct Outgoing {
  SafetensorsWriter::Entry entry;
  int64_t rows, cols;
  std::function<void(const View&)> read;
  uint64_t bytes() const { return static_cast<uint64_t>(rows * cols) * bytes_of(entry.dtype); }
};

std::vector<Outgoing> outgoing_tensors(const Context& context, const Model& model, DType dtype) {
  std::vector<Outgoing> list;
  auto add_vector = [&](const std::string& name, const View& view) {
    list.push_back({{name, dtype, {view.cols}}, 1, view.cols, [&context, view](const View& to) { context.ops.copy(view, to); }});
  };
  auto add_gain = [&](const Gain& gain) {
    if (gain.value) add_vector(gain.name, gain.value);
  };
  auto add_weight = [&](const std::string& name, const Weight& weight) {
    list.push_back({{name, dtype, {weight.rows(), weight.cols()}}, weight.rows(), weight.cols(), [&context, &weight](const View& to) { weight.read(context, to); }});
  };
  add_weight("model.embed_tokens.weight", model.embedding);
  for (const Block& block : model.blocks) {
    for (const Gain* gain : block.gains()) add_gain(*gain);
    for (const FileMatrix& matrix : file_matrices(model.config, block)) {
      const int64_t cols = matrix.parts[0].linear->in;
      list.push_back({{matrix.module + ".weight", dtype, {matrix.rows, cols}}, matrix.rows, cols, [&context, parts = matrix.parts](const View& to) {
                        for (const auto& part : parts) part.linear->read_effective(context, to.row_range(part.first_row, part.linear->out));
                      }});
      for (const auto& [linear, first_row] : matrix.parts) {
        if (linear->bias) add_vector(linear->name + ".bias", linear->bias);
      }
    }
  }
  add_gain(model.final_norm);
  if (model.head) add_weight("lm_head.weight", model.head);
  return list;
}

void write_tensor(const Context& context, const Outgoing& tensor, SafetensorsWriter* writer) {
  Tensor dense = context.passing(DType::f32, tensor.rows, tensor.cols, Category::workspace);
  tensor.read(dense);
  Tensor converted;
  if (tensor.entry.dtype != DType::f32) {
    converted = context.passing(tensor.entry.dtype, tensor.rows, tensor.cols, Category::workspace);
    context.ops.copy(dense, converted);
  }
  if (writer) writer->write(HostRead(context, converted ? converted : dense).data(), tensor.bytes());
}

std::string shard_name(size_t index, size_t count) {
  if (count == 1) return "model.safetensors";
  char name[64];
  std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", index + 1, count);
  return name;
}

// Files of a model folder, written beside and renamed into place as a whole.
void write_folder(const std::string& folder, const std::function<void(const std::string&)>& fill) {
  FolderTransaction transaction(folder);
  fill(transaction.path());
  transaction.publish();
}

// The same of a model that is read tensor by tensor.
std::vector<Outgoing> outgoing_tensors(const Context& context, const StreamedModel& model, DType dtype) {
  struct Part {
    const StreamedModel::Entry* entry;
    int64_t first_row;
  };
  std::vector<Outgoing> list;
  std::map<std::string, std::vector<Part>> fused;  // parts of the files' matrices that hold several
  for (const StreamedModel::Entry& entry : model.entries()) {
    std::vector<int64_t> shape = entry.vector ? std::vector<int64_t>{entry.cols} : std::vector<int64_t>{entry.rows, entry.cols};
    const size_t kind = entry.name.rfind('.');
    const FilePlace place = entry.vector ? FilePlace{} : place_in_files(model.config(), entry.name.substr(0, kind));
    if (place.rows == 0) {
      list.push_back({{entry.name, dtype, shape}, entry.rows, entry.cols, [&context, &model, &entry](const View& to) { model.read(context, entry, to); }});
      continue;
    }
    const std::string name = place.module + entry.name.substr(kind);
    if (!fused.count(name)) list.push_back({{name, dtype, {place.rows, entry.cols}}, place.rows, entry.cols, {}});
    fused[name].push_back({&entry, place.first_row});
  }
  for (Outgoing& tensor : list) {
    if (tensor.read) continue;
    tensor.read = [&context, &model, parts = fused[tensor.entry.name]](const View& to) {
      for (const Part& part : parts) model.read(context, *part.entry, to.row_range(part.first_row, part.entry->rows));
    };
  }
  return list;
}

void write_model(const Context& context, const ModelConfig& config, const std::vector<Outgoing>& tensors, DType dtype, const std::string& folder,
                 const Progress& progress) {
  std::vector<std::vector<const Outgoing*>> shards(1);
  uint64_t filled = 0, total = 0;
  for (const Outgoing& tensor : tensors) {
    if (filled && filled + tensor.bytes() > kShardBytes) {
      shards.emplace_back();
      filled = 0;
    }
    shards.back().push_back(&tensor);
    filled += tensor.bytes();
    total += tensor.bytes();
  }
  const auto count = static_cast<int64_t>(tensors.size());
  int64_t written = 0;
  write_folder(folder, [&](const std::string& path) {
    nlohmann::json index = {{"metadata", {{"total_size", total}}}, {"weight_map", nlohmann::json::object()}};
    for (size_t i = 0; i < shards.size(); ++i) {
      const std::string name = shard_name(i, shards.size());
      std::vector<SafetensorsWriter::Entry> entries;
      for (const Outgoing* tensor : shards[i]) {
        entries.push_back(tensor->entry);
        index["weight_map"][tensor->entry.name] = name;
      }
      SafetensorsWriter writer(path + "/" + name, entries, {{"format", "pt"}});
      for (const Outgoing* tensor : shards[i]) {
        write_tensor(context, *tensor, &writer);
        if (progress) progress(++written, count);
      }
      writer.finish();
    }
    if (shards.size() > 1) write_file_atomic(path + "/model.safetensors.index.json", index.dump(2));
    write_file_atomic(path + "/config.json", model_config_json(config, dtype == DType::bf16 ? "bfloat16" : "float32"));
  });
}

}  // namespace

void save_model(const Context& context, const Model& model, DType dtype, const std::string& folder, const Progress& progress) {
  const std::vector<Outgoing> tensors = outgoing_tensors(context, model, dtype);
  if (context.arena.real()) return write_model(context, model.config, tensors, dtype, folder, progress);
  for (const Outgoing& tensor : tensors) write_tensor(context, tensor, nullptr);
}

void save_model(const Context& context, const StreamedModel& model, DType dtype, const std::string& folder, const Progress& progress) {
  ModelConfig config = model.config();
  name_rotary_divisors(config);
  write_model(context, config, outgoing_tensors(context, model, dtype), dtype, folder, progress);
}

void save_adapter(const Context& context, const Model& model, nlohmann::json config, const std::string& base_folder, const std::string& folder) {
  const std::vector<OutgoingFactor> factors = outgoing_factors(context, model, config);
  if (!context.arena.real()) {
    for (const OutgoingFactor& factor : factors) {
      Tensor dense = context.passing(DType::f32, factor.entry.shape[0], factor.entry.shape[1], Category::workspace);
      factor.read(dense);
    }
    return;
  }
  write_folder(folder, [&](const std::string& path) {
    std::vector<SafetensorsWriter::Entry> entries;
    for (const OutgoingFactor& factor : factors) entries.push_back(factor.entry);
    SafetensorsWriter writer(path + "/adapter_model.safetensors", entries, {{"format", "pt"}});
    for (const OutgoingFactor& factor : factors) {
      Tensor dense = context.passing(DType::f32, factor.entry.shape[0], factor.entry.shape[1], Category::workspace);
      factor.read(dense);
      const HostRead values(context, dense);
      writer.write(values.data(), values.bytes());
    }
    writer.finish();
    config["base_model_name_or_path"] = base_folder;
    write_file_atomic(path + "/adapter_config.json", config.dump(2));
  });
}

}  // namespace rankwise
