#pragma once
#include <cstdint>
#include <string>

namespace rankwise {

// A regular file mapped read-only for as long as the object lives. Throws E_READ for what cannot be opened, is no regular file,
// or cannot be mapped. The one place that knows how this system maps files.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const unsigned char* data() const { return data_; }  // null when the file is empty
  uint64_t size() const { return size_; }

  // Lets go of the resident pages that lie wholly within the range; they come back when touched. Reading a large model through
  // the map would otherwise count the whole file as memory of this process.
  void forget(uint64_t offset, uint64_t bytes) const;

 private:
  const unsigned char* data_ = nullptr;
  uint64_t size_ = 0;
};

}  // namespace rankwise
