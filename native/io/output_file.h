#pragma once
#include <cstdint>
#include <string>

namespace rankwise {

// A file that appears whole or not at all: it is written as `path` + ".part", synced, and renamed by commit(). Destroyed before,
// it leaves nothing behind. Throws E_WRITE.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);  // removes a stale .part
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(const void* data, uint64_t bytes);
  void commit();

 private:
  std::string path_, part_path_;
  int descriptor_ = -1;
  bool committed_ = false;
};

// Makes the names in a folder, or the contents of a file, last through a power cut. Throws E_WRITE.
void sync_to_disk(const std::string& path);

// Puts folder `from` in the place of folder `to`, which may exist. Afterwards `from` is what `to` was, or is gone. Where the
// system cannot exchange two names in one step, `to` + ".old" is the way station, which recover_folder() resolves.
void exchange_folders(const std::string& from, const std::string& to);
// After a kill in the middle of exchange_folders(): brings the old folder back if the new one never took its place.
void recover_folder(const std::string& path);

}  // namespace rankwise
