#include "emulator/test/library/device.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "emulator/schedule.h"

namespace rankwise::test {

Outcome in_process(uint64_t seed, const std::function<int()>& work) {
  int ends[2];
  if (pipe(ends) != 0) return {-1, "no pipe"};
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    emulator::Schedule::the().reseed(seed);
    _exit(work());
  }
  close(ends[1]);
  Outcome outcome{-1, {}};
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;) outcome.message.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status)) outcome.status = WEXITSTATUS(status);
  return outcome;
}

}  // namespace rankwise::test
