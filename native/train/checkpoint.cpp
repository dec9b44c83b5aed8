#include "train/checkpoint.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "core/error.h"
#include "io/files.h"
#include "io/safetensors.h"
#include "io/safetensors_header.h"
#include "ops/host_access.h"

namespace rankwise {

namespace {

const char* const kStateFile = "state.safetensors";

std::string folder_name(int64_t step) {
  char name[32];
  std::snprintf(name, sizeof name, "step-%08lld", static_cast<long long>(step));
  return name;
}

// How the tensors of a checkpoint differ from those of the session, in words; empty where they are the same. Only the first few are
// named: where one layer differs, most do.
std::string differences(Session& session, const SafetensorsFile& file) {
  constexpr size_t kNamed = 3;
  std::vector<std::string> list;
  std::set<std::string> known;
  session.visit_state([&](const std::string& name, const View& view) {
    known.insert(name);
    const TensorInfo* info = file.find(name);
    const std::vector<int64_t> shape{view.rows, view.cols};
    if (!info) {
      list.push_back("it has no " + name);
    } else if (info->dtype != view.dtype || info->shape != shape) {
      list.push_back(name + " is " + format_name(info->dtype) + " " + shape_text(info->shape) + " there and " + format_name(view.dtype) + " " + shape_text(shape) + " here");
    }
  });
  for (const TensorInfo& info : file.tensors()) {
    if (!known.contains(info.name)) list.push_back("this run has no place for its " + info.name);
  }
  std::string text;
  for (size_t i = 0; i < std::min(list.size(), kNamed); ++i) text += (i ? "; " : "") + list[i];
  if (list.size() > kNamed) text += "; and " + std::to_string(list.size() - kNamed) + " more";
  return text;
}

void read_state(Session& session, const std::string& path) {
  const SafetensorsFile file(path);
  const std::string misfit = differences(session, file);
  if (!misfit.empty()) {
    fail("E_CHECKPOINT", "The checkpoint " + path + " does not fit this run: " + misfit + ".",
         "Keep the model, method, rank, targets, storage, precision and stateBits of the run that it was made by.");
  }
  session.visit_state([&](const std::string& name, const View& view) {
    const TensorInfo* info = file.find(name);
    session.context().ops.upload(file.data(*info), view);
  });
}

}  // namespace

SavedCheckpoint write_checkpoint(Session& session, const std::string& run_dir, int64_t step, const std::string& record, nlohmann::json progress, int64_t keep) {
  SavedCheckpoint saved;
  saved.path = run_dir + "/checkpoints/" + folder_name(step);
  {
    FolderTransaction transaction(saved.path);
    std::vector<SafetensorsWriter::Entry> entries;
    session.visit_state([&](const std::string& name, const View& view) { entries.push_back({name, view.dtype, {view.rows, view.cols}}); });
    SafetensorsWriter writer(transaction.path() + "/" + kStateFile, entries, {{"format", "rankwise-state"}});
    session.visit_state([&](const std::string&, const View& view) {
      const HostRead values(session.context(), view);
      writer.write(values.data(), values.bytes());
    });
    saved.hash = writer.finish();
    const nlohmann::json manifest = {{"version", 1},
                                     {"step", step},
                                     {"files", {{kStateFile, saved.hash}}},
                                     {"state", {{"record", record}, {"counters", session.counters()}, {"progress", std::move(progress)}}}};
    transaction.commit(manifest.dump(1));
  }
  const std::vector<std::string> folders = checkpoint_folders(run_dir);
  for (size_t i = static_cast<size_t>(keep); i < folders.size(); ++i) remove_folder(folders[i]);
  return saved;
}

Resumed load_newest_checkpoint(Session& session, const std::string& run_dir, const std::string& record, const std::string& parent_record) {
  Resumed resumed;
  for (const std::string& folder : checkpoint_folders(run_dir)) {
    nlohmann::json manifest;
    try {
      manifest = nlohmann::json::parse(verify_checkpoint(folder));
    } catch (const Error& e) {
      resumed.rejected.push_back(e.what());
      continue;
    }
    const nlohmann::json& state = manifest.at("state");
    const std::string written_by = state.value("record", "");
    resumed.of_parent = written_by != record && !parent_record.empty() && written_by == parent_record;
    if (written_by != record && !resumed.of_parent) {
      fail("E_CHECKPOINT", "The checkpoint " + folder + " was made with other settings.", "Resume with the run.json that the run was started with.");
    }
    read_state(session, folder + "/" + kStateFile);
    session.restore_counters(state.at("counters"));
    resumed.step = manifest.at("step").get<int64_t>();
    resumed.progress = state.at("progress");
    resumed.path = folder;
    return resumed;
  }
  std::string why;
  for (const std::string& reason : resumed.rejected) why += " " + reason;
  fail("E_CHECKPOINT", "There is no checkpoint to resume from in " + run_dir + "." + why, "Start the run again with `rankwise train`.");
}

}  // namespace rankwise
