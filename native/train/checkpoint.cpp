#include "train/checkpoint.h"

#include <cstdio>

#include "core/error.h"
#include "io/files.h"
#include "io/safetensors.h"
#include "ops/host_access.h"

namespace rankwise {

namespace {

const char* const kStateFile = "state.safetensors";

std::string folder_name(int64_t step) {
  char name[32];
  std::snprintf(name, sizeof name, "step-%08lld", static_cast<long long>(step));
  return name;
}

void read_state(Session& session, const std::string& path) {
  const SafetensorsFile file(path);
  session.visit_state([&](const std::string& name, const View& view) {
    const TensorInfo* info = file.find(name);
    const uint64_t bytes = static_cast<uint64_t>(view.size()) * bytes_of(view.dtype);
    if (!info || info->dtype != view.dtype || info->end - info->begin != bytes) {
      fail("E_CHECKPOINT", "The checkpoint " + path + " has no fitting tensor " + name + ".", "It belongs to another run.");
    }
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

Resumed load_newest_checkpoint(Session& session, const std::string& run_dir, const std::string& record) {
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
    if (state.value("record", "") != record) {
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
