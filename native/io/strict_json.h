#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace rankwise {

// Parses JSON that may come from a stranger: UTF-8, no key twice in an object (escapes resolved), at most 64 levels deep and
// 2 million values, so that a small file cannot ask for much memory. Throws `code` with a sentence that begins with `what`
// (such as "The config file") and names the byte; `hint` is passed on.
nlohmann::json parse_strict_json(std::string_view text, const std::string& what, const std::string& code, const std::string& hint);

}  // namespace rankwise
