#include "core/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <vector>

namespace rankwise {
namespace {

constexpr auto kSpin = std::chrono::microseconds(20);

inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

// Returns when `word` is no longer `old`, with everything visible that its writer wrote before.
void wait_while(const std::atomic<uint32_t>& word, uint32_t old) {
  const auto until = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 64; ++i) {
      if (word.load(std::memory_order_acquire) != old) return;
      relax();
    }
  } while (std::chrono::steady_clock::now() < until);
  while (word.load(std::memory_order_acquire) == old) word.wait(old, std::memory_order_acquire);
}

}  // namespace

struct ThreadPool::Impl {
  // Words that different members write live on cache lines of their own.
  alignas(64) std::atomic<uint32_t> job{0};      // counts jobs; a change starts the members
  alignas(64) std::atomic<uint32_t> working{0};  // members still at the job
  alignas(64) std::atomic<uint32_t> arrived{0};  // members at the barrier
  alignas(64) std::atomic<uint32_t> phase{0};    // counts barriers
  alignas(64) const std::function<void(int)>* task = nullptr;  // null ends the members
  std::vector<std::exception_ptr> errors;
  std::vector<std::thread> threads;
  int size = 1;

  void perform(int member) {
    try {
      (*task)(member);
    } catch (...) {
      errors[static_cast<size_t>(member)] = std::current_exception();
    }
  }

  void serve(int member) {
    uint32_t seen = 0;
    for (;;) {
      wait_while(job, seen);
      ++seen;
      if (task == nullptr) return;
      perform(member);
      if (working.fetch_sub(1, std::memory_order_acq_rel) == 1) working.notify_one();
    }
  }

  void start(const std::function<void(int)>* work) {
    task = work;
    working.store(static_cast<uint32_t>(size - 1), std::memory_order_relaxed);
    job.fetch_add(1, std::memory_order_release);
    job.notify_all();
  }

  void stop() {
    start(nullptr);
    for (std::thread& thread : threads) thread.join();
  }
};

ThreadPool::ThreadPool(int threads) : impl_(std::make_unique<Impl>()) {
  const int most = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const int size = std::clamp(threads, 1, most);
  impl_->errors.resize(static_cast<size_t>(size));
  try {
    for (int member = 1; member < size; ++member) {
      impl_->threads.emplace_back([impl = impl_.get(), member] { impl->serve(member); });
    }
  } catch (...) {
    impl_->stop();
    throw;
  }
  impl_->size = size;
}

ThreadPool::~ThreadPool() { impl_->stop(); }

int ThreadPool::size() const { return impl_->size; }

void ThreadPool::run(const std::function<void(int)>& task) {
  if (impl_->size == 1) return task(0);
  impl_->start(&task);
  impl_->perform(0);
  for (uint32_t left; (left = impl_->working.load(std::memory_order_acquire)) != 0;) wait_while(impl_->working, left);
  std::exception_ptr first;
  for (std::exception_ptr& error : impl_->errors) {
    if (error && !first) first = error;
    error = nullptr;
  }
  if (first) std::rethrow_exception(first);
}

void ThreadPool::parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t, int)>& body) {
  if (count <= 0) return;
  const int64_t grains = (count + grain - 1) / grain, members = impl_->size;
  if (grains == 1 || members == 1) return body(0, count, 0);
  const int64_t each = grains / members, more = grains % members;
  const auto first = [&](int64_t member) { return std::min(count, (member * each + std::min(member, more)) * grain); };
  run([&](int member) {
    const int64_t begin = first(member), end = first(member + 1);
    if (begin < end) body(begin, end, member);
  });
}

void ThreadPool::barrier() {
  Impl& t = *impl_;
  if (t.size == 1) return;
  const uint32_t now = t.phase.load(std::memory_order_relaxed);
  if (t.arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == static_cast<uint32_t>(t.size)) {
    t.arrived.store(0, std::memory_order_relaxed);
    t.phase.store(now + 1, std::memory_order_release);
    t.phase.notify_all();
  } else {
    wait_while(t.phase, now);
  }
}

}  // namespace rankwise
