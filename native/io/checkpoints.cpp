#include <algorithm>
#include <cctype>
#include <filesystem>

#include "core/error.h"
#include "io/file_names.h"
#include "io/files.h"
#include "io/output_file.h"
#include "io/strict_json.h"

namespace rankwise {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr uint64_t kMostManifestBytes = 64u << 20;
constexpr const char* kHint = "Resume from the checkpoint before this one.";

bool is_step_name(const std::string& name) {
  return name.size() == 13 && name.starts_with("step-") &&
         std::all_of(name.begin() + 5, name.end(), [](unsigned char c) { return std::isdigit(c); });
}

bool is_hash(const json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

[[noreturn]] void fail_folder(const std::string& path, const std::error_code& error) {
  fail("E_WRITE", "The folder " + path + " could not be prepared: " + error.message() + ".",
       "Check that there is space and that you may write there.");
}

// What a kill left beside a checkpoint: its own .part, and those of other steps, which nobody would come back to.
void remove_stale_parts(const fs::path& final_path) {
  std::error_code error;
  fs::remove_all(final_path.string() + ".part", error);
  if (error) fail_folder(final_path.string() + ".part", error);
  if (!is_step_name(final_path.filename().string())) return;
  for (const auto& entry : fs::directory_iterator(final_path.parent_path(), error)) {
    if (entry.path().extension() == ".part" && is_step_name(entry.path().stem().string())) fs::remove_all(entry.path(), error);
  }
}

void check_manifest(const json& manifest, const std::string& what) {
  const auto refuse = [&](const std::string& fault) { fail("E_CHECKPOINT", what + " " + fault + ".", kHint); };
  if (!manifest.is_object()) refuse("is not a JSON object");
  const auto member = [&](const char* key) {
    const auto found = manifest.find(key);
    if (found == manifest.end()) refuse("has no \"" + std::string(key) + "\"");
    return *found;
  };
  const json version = member("version");
  if (!version.is_number_unsigned() || version.get<uint64_t>() != 1) refuse("has a version other than 1");
  if (!member("step").is_number_unsigned()) refuse("has a step that is not a whole number");
  if (!member("state").is_object()) refuse("has a state that is not an object");
  const json files = member("files");
  if (!files.is_object()) refuse("has a list of files that is not an object");
  for (const auto& [name, hash] : files.items()) {
    if (!is_plain_file_name(name) || name == "manifest.json") refuse("names " + quote_name(name) + ", which is not a plain file name");
    if (!is_hash(hash)) refuse("has no SHA-256 for " + quote_name(name));
  }
}

}  // namespace

FolderTransaction::FolderTransaction(const std::string& final_path) : final_path_(final_path) {
  while (final_path_.size() > 1 && final_path_.back() == '/') final_path_.pop_back();
  part_path_ = final_path_ + ".part";
  recover_folder(final_path_);
  std::error_code error;
  const fs::path parent = fs::path(final_path_).parent_path();
  if (!parent.empty()) fs::create_directories(parent, error);
  if (error) fail_folder(parent.string(), error);
  remove_stale_parts(final_path_);
  fs::create_directory(part_path_, error);
  if (error) fail_folder(part_path_, error);
}

FolderTransaction::~FolderTransaction() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(part_path_, ignored);
}

const std::string& FolderTransaction::path() const { return part_path_; }

void FolderTransaction::commit(const std::string& manifest_json) {
  write_file_atomic(part_path_ + "/manifest.json", manifest_json);
  publish();
}

void FolderTransaction::publish() {
  for (const auto& entry : fs::recursive_directory_iterator(part_path_)) {
    if (entry.is_directory() || entry.is_regular_file()) sync_to_disk(entry.path().string());
  }
  sync_to_disk(part_path_);
  exchange_folders(part_path_, final_path_);
  committed_ = true;
  std::error_code ignored;  // what was there before; if this fails, the next transaction removes it
  fs::remove_all(part_path_, ignored);
}

std::vector<std::string> checkpoint_folders(const std::string& run_dir) {
  std::vector<std::string> folders;
  std::error_code error;
  const fs::path parent = fs::path(run_dir) / "checkpoints";
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    const std::string stem = entry.path().stem().string();
    if (entry.path().extension() == ".old" && is_step_name(stem)) recover_folder((parent / stem).string());
  }
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    if (entry.is_directory(error) && is_step_name(entry.path().filename().string())) folders.push_back(entry.path().string());
  }
  std::sort(folders.rbegin(), folders.rend());
  return folders;
}

std::string verify_checkpoint(const std::string& folder) {
  const std::string path = folder + "/manifest.json";
  try {
    std::string text = read_file(path, kMostManifestBytes);
    const json manifest = parse_strict_json(text, "The manifest " + path, "E_CHECKPOINT", kHint);
    check_manifest(manifest, "The manifest " + path);
    for (const auto& [name, hash] : manifest["files"].items()) {
      if (sha256_of_file(folder + "/" + name) != hash.get_ref<const std::string&>()) {
        fail("E_CHECKPOINT", "The file " + quote_name(name) + " of the checkpoint " + folder + " is not what was saved.", kHint);
      }
    }
    return text;
  } catch (const Error& e) {
    if (e.code() == "E_CHECKPOINT") throw;
    fail("E_CHECKPOINT", "The checkpoint " + folder + " is not complete. " + e.what(), kHint);
  }
}

}  // namespace rankwise
