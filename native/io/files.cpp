#include "io/files.h"

#include <filesystem>

#include "core/error.h"
#include "core/text.h"
#include "io/input_file.h"
#include "io/output_file.h"

namespace rankwise {

namespace fs = std::filesystem;

std::string read_file(const std::string& path, uint64_t most_bytes) {
  InputFile file(path);
  const auto refuse = [&] {
    fail("E_READ", "The file " + path + " is larger than the " + human_bytes(most_bytes) + " that such a file may have.",
         "Check that it is the right file.");
  };
  if (file.size() > most_bytes) refuse();
  std::string text;
  text.reserve(file.size());
  char chunk[65536];
  while (const size_t got = file.read(chunk, sizeof chunk)) {  // the file may have grown since it was opened
    if (got > most_bytes - text.size()) refuse();
    text.append(chunk, got);
  }
  return text;
}

void write_file_atomic(const std::string& path, const std::string& text) {
  OutputFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

void remove_folder(const std::string& path) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error))) return;
  // Under another name first: a kill in the middle must not leave half a folder under the good name.
  const std::string part = path + ".part";
  fs::remove_all(part, error);
  if (!error) fs::rename(path, part, error);
  if (!error) fs::remove_all(part, error);
  if (error) {
    fail("E_WRITE", "The folder " + path + " could not be removed: " + error.message() + ".",
         "Check that no other program uses it and that you may write there.");
  }
}

}  // namespace rankwise
