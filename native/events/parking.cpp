#include "events/parking.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "core/error.h"
#include "ops/host_access.h"

namespace rankwise {

namespace {

class FileParking final : public Parking {
 public:
  FileParking(const Context& context, const std::string& folder) : context_(context), folder_(folder) {}
  ~FileParking() override { forget(); }
  FileParking(const FileParking&) = delete;
  FileParking& operator=(const FileParking&) = delete;

  void leave(Tensor tensor) override {
    if (!context_.arena.real()) return;
    open();
    const HostRead values(context_, tensor);
    const int64_t bytes = static_cast<int64_t>(values.bytes());
    for (int64_t done = 0; done < bytes;) {
      const ssize_t count = pwrite(file_, values.as<char>() + done, static_cast<size_t>(bytes - done), done);
      if (count <= 0) fail("E_WRITE", "The disk takes no more of a parked gradient.", "Free some space, or turn parkOnHost off.");
      done += count;
    }
  }
  void settle() override {}

  void bring(const View& to) override {
    if (!context_.arena.real()) return;
    HostWrite values(context_, to);
    const int64_t bytes = static_cast<int64_t>(values.bytes());
    for (int64_t done = 0; done < bytes;) {
      const ssize_t count = pread(file_, values.as<char>() + done, static_cast<size_t>(bytes - done), done);
      if (count <= 0) fail("E_READ", "A parked gradient cannot be read back.", "Check the disk.");
      done += count;
    }
    values.done();
  }
  void await() override {}

  void forget() override {
    if (file_ >= 0) close(file_);
    file_ = -1;
  }

 private:
  void open() {
    if (file_ >= 0) return;
    std::string path = folder_ + "/.parked-XXXXXX";
    file_ = mkstemp(path.data());
    if (file_ < 0) fail("E_WRITE", "No file can be made in " + folder_ + " to park a gradient in.", "Check the folder's permissions, or turn parkOnHost off.");
    unlink(path.c_str());
  }
  Context context_;
  std::string folder_;
  int file_ = -1;
};

// The memory is kept from event to event: locking pages takes longer than filling them.
class HostParking final : public Parking {
 public:
  HostParking(HostCopies& copies, uint64_t bytes) : copies_(copies), bytes_(bytes), memory_(copies.take(bytes)) {}
  ~HostParking() override { copies_.give(memory_, bytes_); }
  HostParking(const HostParking&) = delete;
  HostParking& operator=(const HostParking&) = delete;

  void leave(Tensor tensor) override {
    copy_ = copies_.begin_out(tensor, memory_);
    leaving_ = std::move(tensor);
  }
  void settle() override {
    if (!leaving_) return;
    copies_.finish(copy_);
    leaving_.reset();
  }
  void bring(const View& to) override {
    copy_ = copies_.begin_in(memory_, to);
    coming_ = true;
  }
  void await() override {
    if (std::exchange(coming_, false)) copies_.finish(copy_);
  }
  void forget() override {}

 private:
  HostCopies& copies_;
  uint64_t bytes_;
  void* memory_;
  void* copy_ = nullptr;
  Tensor leaving_;
  bool coming_ = false;
};

}  // namespace

std::unique_ptr<Parking> make_parking(const Context& context, uint64_t bytes, const std::string& folder) {
  if (HostCopies* copies = context.ops.host_copies()) return std::make_unique<HostParking>(*copies, bytes);
  return std::make_unique<FileParking>(context, folder);
}

}  // namespace rankwise
