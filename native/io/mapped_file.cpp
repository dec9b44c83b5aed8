#include "io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "io/input_file.h"

namespace rankwise {

MappedFile::MappedFile(const std::string& path) {
  const InputFile file(path);
  size_ = file.size();
  if (size_ == 0) return;
  void* place = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (place == MAP_FAILED) fail("E_READ", "The file " + path + " could not be mapped: " + std::strerror(errno) + ".");
  data_ = static_cast<const unsigned char*>(place);
}

MappedFile::~MappedFile() {
  if (data_) munmap(const_cast<unsigned char*>(data_), size_);
}

void MappedFile::forget(uint64_t offset, uint64_t bytes) const {
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t from = (offset + page - 1) / page * page;
  const uint64_t to = (offset + bytes) / page * page;
  if (from < to) madvise(const_cast<unsigned char*>(data_) + from, to - from, MADV_DONTNEED);
}

}  // namespace rankwise
