#pragma once
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace rankwise::test {

// A fresh folder that is removed with everything in it at the end of its scope.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "rankwise-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline void put_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// The bytes of a safetensors file with this JSON header and this data; `claimed` replaces the header's true length.
inline std::string safetensors_bytes(const std::string& header, const std::string& data, uint64_t claimed = UINT64_MAX) {
  if (claimed == UINT64_MAX) claimed = header.size();
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(claimed >> (8 * i) & 255);
  return bytes + header + data;
}

}  // namespace rankwise::test
