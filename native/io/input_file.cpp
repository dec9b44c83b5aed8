#include "io/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace rankwise {

InputFile::InputFile(const std::string& path) : path_(path) {
  descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) {
    fail("E_READ", "The file " + path + " could not be opened: " + std::strerror(errno) + ".",
         errno == ENOENT ? "Check the path." : "Check that you may read it.");
  }
  struct stat about;
  if (fstat(descriptor_, &about) != 0 || !S_ISREG(about.st_mode)) {
    close(descriptor_);
    fail("E_READ", path + " is not a regular file.", "Name a file, not a folder, pipe or device.");
  }
  size_ = static_cast<uint64_t>(about.st_size);
}

InputFile::~InputFile() { close(descriptor_); }

size_t InputFile::read(void* to, size_t bytes) {
  for (;;) {
    const ssize_t got = ::read(descriptor_, to, bytes);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) {
      fail("E_READ", "Reading " + path_ + " failed: " + std::strerror(errno) + ".", "The disk or its connection may be failing.");
    }
  }
}

}  // namespace rankwise
