#include "emulator/streams.h"

#include <algorithm>
#include <chrono>

#include "emulator/device_memory.h"
#include "emulator/faults.h"
#include "emulator/schedule.h"

namespace rankwise::emulator {

Streams& Streams::the() {
  static Streams streams;
  return streams;
}

Streams::Streams() { streams_.push_back(&default_); }

CUstream_st& Streams::at(cudaStream_t stream) {
  if (!stream) return default_;
  if (std::find(streams_.begin(), streams_.end(), stream) == streams_.end()) fault("a stream is used that does not exist");
  return *stream;
}

cudaStream_t Streams::create(bool with_default) {
  auto* stream = new CUstream_st;
  stream->with_default = with_default;
  streams_.push_back(stream);
  return stream;
}

void Streams::destroy(cudaStream_t stream) {
  finish(stream);
  streams_.erase(std::find(streams_.begin(), streams_.end(), stream));
  delete stream;
}

// The legacy default stream waits for all others that do not opt out, and they for it. Run here and now: stricter than a card in
// what has finished, the same in what may be relied on.
void Streams::order_with_default(CUstream_st& stream) {
  if (&stream == &default_) {
    const std::vector<CUstream_st*> others = streams_;
    for (CUstream_st* other : others) {
      if (other != &default_ && other->with_default) finish(other);
    }
  } else if (stream.with_default) {
    finish(nullptr);
  }
}

void Streams::enqueue(cudaStream_t handle, std::string name, std::function<void()> work) {
  CUstream_st& stream = at(handle);
  order_with_default(stream);
  stream.queue.push_back({std::move(name), std::move(work)});
}

void Streams::wait(cudaStream_t stream, cudaEvent_t event) {
  at(stream).queue.push_back({"wait for an event", {}, event, event->recorded});
}

void Streams::record(cudaEvent_t event, cudaStream_t stream) {
  const uint64_t count = ++event->recorded;
  enqueue(stream, "record an event", [event, count] {
    event->reached = count;
    event->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  });
}

void Streams::run_until(const std::function<bool()>& done) {
  if (done()) return;
  OpenMemory open;
  std::vector<CUstream_st*> able;
  while (!done()) {
    able.clear();
    for (CUstream_st* stream : streams_) {
      if (stream->queue.empty()) continue;
      const auto& next = stream->queue.front();
      if (!next.wait || next.wait->reached >= next.wait_for) able.push_back(stream);
    }
    if (able.empty()) fault("the streams wait for an event that no stream will record");
    CUstream_st& stream = *able[Schedule::the().below(able.size())];
    const CUstream_st::Operation operation = std::move(stream.queue.front());
    stream.queue.pop_front();
    if (operation.work) operation.work();
  }
}

void Streams::finish(cudaStream_t handle) {
  CUstream_st& stream = at(handle);
  run_until([&] { return stream.queue.empty(); });
}

void Streams::finish_all() {
  run_until([&] { return std::all_of(streams_.begin(), streams_.end(), [](const CUstream_st* s) { return s->queue.empty(); }); });
}

void Streams::finish_event(cudaEvent_t event) {
  run_until([&] { return event->reached >= event->recorded; });
}

cudaError_t Streams::take_error() {
  const cudaError_t error = error_;
  error_ = cudaSuccess;
  return error;
}

}  // namespace rankwise::emulator
