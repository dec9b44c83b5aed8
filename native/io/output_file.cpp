#include "io/output_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/error.h"

namespace rankwise {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_write(const std::string& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  fail("E_WRITE", "Writing " + path + " failed: " + std::strerror(error) + ".",
       full ? "Free some space on that disk or choose another folder." : "Check that the folder exists and that you may write there.");
}

std::string folder_of(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

}  // namespace

void sync_to_disk(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail_write(path, errno);
  const int error = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  // Some network file systems cannot sync a folder; their rename is then as lasting as they make it.
  if (error != 0 && error != EINVAL) fail_write(path, error);
}

OutputFile::OutputFile(const std::string& path) : path_(path), part_path_(path + ".part") {
  unlink(part_path_.c_str());
  descriptor_ = open(part_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail_write(path, errno);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!committed_) unlink(part_path_.c_str());
}

void OutputFile::write(const void* data, uint64_t bytes) {
  const char* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t done = ::write(descriptor_, from, std::min<uint64_t>(bytes, 1u << 30));
    if (done < 0) {
      if (errno == EINTR) continue;
      fail_write(path_, errno);
    }
    from += done;
    bytes -= static_cast<uint64_t>(done);
  }
}

void OutputFile::commit() {
  if (fsync(descriptor_) != 0) fail_write(path_, errno);
  const int closed = close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail_write(path_, errno);
  if (rename(part_path_.c_str(), path_.c_str()) != 0) fail_write(path_, errno);
  committed_ = true;
  sync_to_disk(folder_of(path_));
}

void exchange_folders(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) {
    if (errno != ENOTEMPTY && errno != EEXIST) fail_write(to, errno);
#ifdef RENAME_EXCHANGE
    if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) {
      sync_to_disk(folder_of(to));
      return;
    }
#endif
    const std::string old = to + ".old";
    if (rename(to.c_str(), old.c_str()) != 0) fail_write(to, errno);
    if (rename(from.c_str(), to.c_str()) != 0) fail_write(to, errno);
    sync_to_disk(folder_of(to));
    std::error_code ignored;
    fs::remove_all(old, ignored);
    return;
  }
  sync_to_disk(folder_of(to));
}

void recover_folder(const std::string& path) {
  const std::string old = path + ".old";
  std::error_code error;
  if (!fs::exists(fs::symlink_status(old, error))) return;
  if (fs::exists(fs::symlink_status(path, error))) {
    fs::remove_all(old, error);
  } else {
    fs::rename(old, path, error);
  }
  if (error) fail_write(path, error.value());
}

}  // namespace rankwise
