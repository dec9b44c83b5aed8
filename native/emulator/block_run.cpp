#include "emulator/block_run.h"

#include <algorithm>

#include "emulator/faults.h"
#include "emulator/schedule.h"

namespace rankwise::emulator {

Thread* thread_now = nullptr;
Block block_now{};

BlockRun& BlockRun::the() {
  static BlockRun block;
  return block;
}

void BlockRun::run(const char* kernel, const KernelCall& call, uint3 block, dim3 blocks, dim3 threads, size_t shared_bytes) {
  kernel_ = kernel;
  call_ = &call;
  block_now = {block, threads, blocks};
  threads_ = threads.x * threads.y * threads.z;
  started_ = 0;
  alive_ = threads_;
  epoch_ = 0;
  warps_.resize(32);
  for (Warp& warp : warps_) {
    warp.arrived = 0;
    warp.epoch = 0;
  }
  draw_order();
  shared_.begin_block(shared_bytes);
  while (alive_ > 0) {
    Worker* worker = next_worker();
    current_ = worker;
    thread_now = &worker->thread;
    worker->state = State::running;
    worker->fiber.enter();
    current_ = nullptr;
    thread_now = nullptr;
  }
  shared_.end_block();
  kernel_ = nullptr;
}

void BlockRun::draw_order() {
  Schedule& schedule = Schedule::the();
  warps_ahead_ = schedule.below(2) == 0;
  const uint32_t warps = (threads_ + 31) / 32;
  schedule.shuffle(warp_order_, warps);
  warp_rank_.resize(warps);
  for (uint32_t rank = 0; rank < warps; ++rank) warp_rank_[warp_order_[rank]] = rank;
  schedule.shuffle(order_, threads_);
  if (warps_ahead_) {
    std::stable_sort(order_.begin(), order_.end(), [this](uint32_t a, uint32_t b) { return warp_rank_[a / 32] < warp_rank_[b / 32]; });
  }
}

// A thread that waits no longer, or one that has not begun.
BlockRun::Worker* BlockRun::next_worker() {
  Schedule& schedule = Schedule::the();
  const bool can_start = started_ < threads_;
  if (ready_count_ > 0 && warps_ahead_) {
    uint32_t rank = 0;
    while (ready_[rank].empty()) ++rank;
    if (!can_start || rank <= warp_rank_[order_[started_] / 32]) return take_ready(rank);
  } else if (ready_count_ > 0 && (!can_start || schedule.below(2) == 0)) {
    uint64_t nth = schedule.below(ready_count_);
    uint32_t rank = 0;
    while (nth >= ready_[rank].size()) nth -= ready_[rank++].size();
    return take_ready(rank);
  }
  if (!can_start) report_deadlock();
  if (idle_.empty()) {
    workers_.push_back(std::make_unique<Worker>(&BlockRun::worker_entry));
    idle_.push_back(workers_.back().get());
  }
  Worker* worker = idle_.back();
  idle_.pop_back();
  start_thread(*worker);
  return worker;
}

BlockRun::Worker* BlockRun::take_ready(uint32_t rank) {
  std::vector<Worker*>& ready = ready_[rank];
  std::swap(ready[Schedule::the().below(ready.size())], ready.back());
  Worker* worker = ready.back();
  ready.pop_back();
  --ready_count_;
  return worker;
}

void BlockRun::start_thread(Worker& worker) {
  const uint32_t t = order_[started_++];
  const dim3& d = block_now.threads;
  worker.thread = {{t % d.x, t / d.x % d.y, t / (d.x * d.y)}, static_cast<int>(t)};
}

void BlockRun::worker_entry() {
  BlockRun& block = the();
  block.current_->fiber.arrived();
  block.work();
}

// A fiber whose thread ended goes on with the next one at once where nothing waits: kernels without barriers then never switch.
void BlockRun::work() {
  for (;;) {
    Worker& self = *current_;
    for (;;) {
      call_->run(call_->arguments.get());
      thread_ended();
      if (ready_count_ > 0 || started_ == threads_) break;
      start_thread(self);
    }
    self.state = State::idle;
    idle_.push_back(&self);
    self.fiber.leave();
  }
}

void BlockRun::thread_ended() {
  --alive_;
  if (!at_barrier_.empty() && at_barrier_.size() == alive_) release_barrier();
}

void BlockRun::wait(State state, const char* file, int line) {
  Worker& self = *current_;
  // The last to arrive has released itself with the others already.
  if (self.state != State::ready) self.state = state;
  self.file = file;
  self.line = line;
  self.fiber.leave();
}

void BlockRun::make_ready(Worker* worker) {
  worker->state = State::ready;
  ready_[warp_rank_[static_cast<size_t>(worker->thread.linear) / 32]].push_back(worker);
  ++ready_count_;
}

void BlockRun::release_barrier() {
  ++epoch_;
  for (Worker* worker : at_barrier_) make_ready(worker);
  at_barrier_.clear();
}

void BlockRun::barrier(const char* file, int line) {
  if (!at_barrier_.empty() && (barrier_line_ != line || std::strcmp(barrier_file_, file) != 0)) {
    fault("__syncthreads() is reached at different places: here and at " + std::string(barrier_file_) + ":" + std::to_string(barrier_line_), file,
          line);
  }
  barrier_file_ = file;
  barrier_line_ = line;
  at_barrier_.push_back(current_);
  if (at_barrier_.size() == alive_) release_barrier();
  wait(State::at_barrier, file, line);
}

unsigned BlockRun::valid_lanes(int warp) const {
  const uint32_t left = threads_ - static_cast<uint32_t>(warp) * 32;
  return left >= 32 ? ~0u : (1u << left) - 1;
}

// All lanes of the mask come to the same operation; the values lie in the phase that is returned until the next one ends.
unsigned BlockRun::meet(unsigned mask, uint64_t value, bool predicate, const char* file, int line, bool orders_memory) {
  const int index = thread_now->linear >> 5, lane = thread_now->linear & 31;
  Warp& warp = warps_[static_cast<size_t>(index)];
  if (!(mask >> lane & 1)) fault("a warp operation does not name its own lane in the mask", file, line);
  if (warp.arrived == 0) {
    warp.mask = mask;
    warp.file = file;
    warp.line = line;
    warp.predicates[warp.phase] = 0;
  } else if (warp.mask != mask || warp.line != line || std::strcmp(warp.file, file) != 0) {
    fault("lanes of a warp disagree: here and at " + std::string(warp.file) + ":" + std::to_string(warp.line), file, line);
  }
  const unsigned phase = warp.phase;
  warp.values[phase][lane] = value;
  if (predicate) warp.predicates[phase] |= 1u << lane;
  warp.arrived |= 1u << lane;
  warp.lanes[lane] = current_;
  const unsigned wanted = mask & valid_lanes(index);
  if ((warp.arrived & wanted) == wanted) {
    for (int l = 0; l < 32; ++l) {
      if (warp.arrived >> l & 1) make_ready(warp.lanes[l]);
    }
    warp.arrived = 0;
    warp.phase ^= 1;
    if (orders_memory) ++warp.epoch;
  }
  wait(State::at_warp, file, line);
  return phase;
}

void BlockRun::warp_barrier(unsigned mask, const char* file, int line) { meet(mask, 0, false, file, line, true); }

uint64_t BlockRun::shuffle(unsigned mask, uint64_t value, int source_lane, const char* file, int line) {
  const int index = thread_now->linear >> 5;
  if (!(mask >> source_lane & 1)) fault("a shuffle reads a lane outside its mask", file, line);
  if (!(valid_lanes(index) >> source_lane & 1)) fault("a shuffle reads a lane that does not exist", file, line);
  const unsigned phase = meet(mask, value, false, file, line, false);
  return warps_[static_cast<size_t>(index)].values[phase][source_lane];
}

unsigned BlockRun::ballot(unsigned mask, bool predicate, const char* file, int line) {
  const int index = thread_now->linear >> 5;
  const unsigned phase = meet(mask, 0, predicate, file, line, false);
  return warps_[static_cast<size_t>(index)].predicates[phase];
}

void BlockRun::report_deadlock() const {
  for (const State state : {State::at_warp, State::at_barrier}) {
    for (const auto& worker : workers_) {
      if (worker->state != state) continue;
      fault(state == State::at_warp ? "a warp operation waits for lanes that never come" : "__syncthreads() is not reached by all threads", worker->file,
            worker->line);
    }
  }
  fault("the threads of a block wait for nothing");
}

std::string BlockRun::place() const {
  if (!kernel_) return {};
  const auto three = [](uint3 i) { return "(" + std::to_string(i.x) + ", " + std::to_string(i.y) + ", " + std::to_string(i.z) + ")"; };
  std::string text = "kernel " + std::string(kernel_) + ", block " + three(block_now.index);
  if (current_) text += ", thread " + three(current_->thread.index);
  return text;
}

std::string running_place() { return BlockRun::the().place(); }

void barrier(const char* file, int line) { BlockRun::the().barrier(file, line); }
void warp_barrier(unsigned mask, const char* file, int line) { BlockRun::the().warp_barrier(mask, file, line); }
uint64_t shuffle(unsigned mask, uint64_t value, int source_lane, const char* file, int line) {
  return BlockRun::the().shuffle(mask, value, source_lane, file, line);
}
unsigned ballot(unsigned mask, bool predicate, const char* file, int line) { return BlockRun::the().ballot(mask, predicate, file, line); }
void* shared_array(const void* key, size_t bytes, size_t alignment) { return BlockRun::the().shared().array(key, bytes, alignment); }
void* dynamic_shared() { return BlockRun::the().shared().dynamic(); }

}  // namespace rankwise::emulator
