#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace rankwise {

// A regular file open for reading. Throws E_READ; a pipe or device is refused instead of waited for.
class InputFile {
 public:
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  uint64_t size() const { return size_; }  // when it was opened
  int descriptor() const { return descriptor_; }
  size_t read(void* to, size_t bytes);  // the next bytes; 0 at the end

 private:
  std::string path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

}  // namespace rankwise
