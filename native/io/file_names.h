#pragma once
#include <string>

namespace rankwise {

// Whether a name that a file gave us names a file beside it and nothing else: not empty, no separator of any system, no drive, no
// control character, not "." or "..", at most 255 bytes.
bool is_plain_file_name(const std::string& name);

// A name out of a foreign file, in quotes, fit for a sentence: control characters replaced, cut after 80 bytes at a character.
std::string quote_name(const std::string& name);

}  // namespace rankwise
