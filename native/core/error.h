#pragma once
#include <stdexcept>
#include <string>

namespace rankwise {

// What went wrong (a stable code), said in one sentence, and what the user can do about it.
class Error : public std::runtime_error {
 public:
  Error(std::string code, const std::string& sentence, std::string hint)
      : std::runtime_error(sentence), code_(std::move(code)), hint_(std::move(hint)) {}
  const std::string& code() const { return code_; }
  const std::string& hint() const { return hint_; }

 private:
  std::string code_;
  std::string hint_;
};

[[noreturn]] inline void fail(std::string code, const std::string& sentence, std::string hint = "") {
  throw Error(std::move(code), sentence, std::move(hint));
}

}  // namespace rankwise
