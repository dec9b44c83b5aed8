#pragma once
#include <cstdio>
#include <functional>
#include <string>

#include "core/error.h"

namespace rankwise::test {

struct Tally {
  int passed = 0;
  int failed = 0;
};
inline Tally& tally() {
  static Tally t;
  return t;
}

// Counts one named check; prints it only when it fails.
inline bool check(bool ok, const std::string& what) {
  if (ok) {
    ++tally().passed;
  } else {
    ++tally().failed;
    std::printf("FAILED %s\n", what.c_str());
  }
  return ok;
}

// The action must throw an Error with this code.
inline void check_refused(const std::string& code, const std::string& what, const std::function<void()>& action) {
  try {
    action();
    check(false, what + ": was accepted, expected " + code);
  } catch (const Error& e) {
    check(e.code() == code, what + ": expected " + code + ", got " + e.code() + " (" + e.what() + ")");
  }
}

// The last line of every native test, and its exit status.
inline int finish() {
  std::printf("%d passed, %d failed\n", tally().passed, tally().failed);
  return tally().failed == 0 && tally().passed > 0 ? 0 : 1;
}

}  // namespace rankwise::test
