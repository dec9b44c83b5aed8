#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rankwise {

// SHA-256 (FIPS 180-4), with the processor's SHA instructions where it has them.
enum class Sha256Path { best, portable };  // `portable` is for the test that compares the two
class Sha256 {
 public:
  explicit Sha256(Sha256Path path = Sha256Path::best);
  ~Sha256();
  void update(const void* data, uint64_t bytes);
  std::string hex();  // ends the hash

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
std::string sha256_of_file(const std::string& path);

// Whole small files. Throws E_READ / E_WRITE. write_file_atomic writes beside, syncs, renames.
std::string read_file(const std::string& path, uint64_t most_bytes);
void write_file_atomic(const std::string& path, const std::string& text);

// A folder that exists whole or not at all: filled beside (`final_path` + ".part"), synced and renamed. Checkpoints also have a
// manifest.json {"version":1,"step":N,"files":{name: sha256},"state":{…}}.
class FolderTransaction {
 public:
  explicit FolderTransaction(const std::string& final_path);  // removes a stale .part
  ~FolderTransaction();                                       // removes the .part unless committed
  const std::string& path() const;                            // where to write the files
  // Syncs files and folder, replaces final_path.
  void publish();
  // The same with manifest.json written first.
  void commit(const std::string& manifest_json);

 private:
  std::string final_path_, part_path_;
  bool committed_ = false;
};

// Newest first: folders `run_dir`/checkpoints/step-NNNNNNNN. Only names; verify before loading.
std::vector<std::string> checkpoint_folders(const std::string& run_dir);
// The manifest's text if it parses and every file it names is there with its hash and nothing is missing; else throws E_CHECKPOINT.
std::string verify_checkpoint(const std::string& folder);
void remove_folder(const std::string& path);

}  // namespace rankwise
