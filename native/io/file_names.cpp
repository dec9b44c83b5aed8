#include "io/file_names.h"

namespace rankwise {

bool is_plain_file_name(const std::string& name) {
  if (name.empty() || name.size() > 255 || name == "." || name == "..") return false;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '/' || c == '\\' || c == ':') return false;
  }
  return true;
}

std::string quote_name(const std::string& name) {
  size_t cut = name.size();
  if (cut > 80) {
    cut = 80;
    while (cut > 0 && (static_cast<unsigned char>(name[cut]) & 0xC0) == 0x80) --cut;
  }
  std::string text = "\"";
  for (size_t i = 0; i < cut; ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    text += byte < 0x20 || byte == 0x7f ? '?' : name[i];
  }
  return text + (cut < name.size() ? "…\"" : "\"");
}

}  // namespace rankwise
