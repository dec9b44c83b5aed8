#pragma once
#include <cstdint>
#include <functional>
#include <memory>

namespace rankwise {

// A fixed team of threads; the caller is member 0. Waiting is a short spin (at most 20 µs) and then sleep, so that a busy
// neighbour process costs its share of time and no more.
class ThreadPool {
 public:
  explicit ThreadPool(int threads);  // ≥ 1; never more than the machine has
  ~ThreadPool();
  int size() const;

  // Calls task(member) once on every member and returns when all have. An exception thrown by a member is rethrown here.
  // Not reentrant: a task must not call run() on the same pool.
  void run(const std::function<void(int)>& task);

  // Cuts [0, count) into size() contiguous parts, the same for every call with the same count (sizes differ by at most one
  // `grain`), and calls body(begin, end, member) for each non-empty one.
  void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t, int)>& body);

  // Barrier among all members, to be used inside run().
  void barrier();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rankwise
