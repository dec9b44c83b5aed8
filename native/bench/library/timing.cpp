#include <algorithm>
#include <chrono>
#include <vector>

#include "bench/library/bench.h"
#include "core/error.h"

namespace rankwise {

Timing time_calls(int repeats, const std::function<void()>& call) {
  call();
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return {seconds[seconds.size() / 2], seconds.front()};
}

nlohmann::json bench_job(const nlohmann::json& job, const JobControl& control, const EventSink& emit) {
  const std::string what = job.value("what", std::string("step"));
  if (what == "step") return bench_step(job, control, emit);
  return bench_parts(what, job);
}

}  // namespace rankwise
