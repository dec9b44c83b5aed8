#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "core/error.h"
#include "events/loqt_merge.h"
#include "ops/host_access.h"

namespace rankwise {

Parked::Parked(const std::string& folder) {
  std::string path = folder + "/.parked-XXXXXX";
  file_ = mkstemp(path.data());
  if (file_ < 0) fail("E_WRITE", "No file can be made in " + folder + " to park a gradient in.", "Check the folder's permissions, or turn parkOnHost off.");
  unlink(path.c_str());
}

Parked::~Parked() { close(file_); }

void Parked::store(const Context& context, const View& view) const {
  const HostRead values(context, view);
  const char* from = values.as<char>();
  const int64_t bytes = static_cast<int64_t>(values.bytes());
  for (int64_t done = 0; done < bytes;) {
    const ssize_t count = pwrite(file_, from + done, static_cast<size_t>(bytes - done), done);
    if (count <= 0) fail("E_WRITE", "The disk takes no more of a parked gradient.", "Free some space, or turn parkOnHost off.");
    done += count;
  }
}

void Parked::load(const Context& context, const View& view) const {
  HostWrite values(context, view);
  char* to = values.as<char>();
  const int64_t bytes = static_cast<int64_t>(values.bytes());
  for (int64_t done = 0; done < bytes;) {
    const ssize_t count = pread(file_, to + done, static_cast<size_t>(bytes - done), done);
    if (count <= 0) fail("E_READ", "A parked gradient cannot be read back.", "Check the disk.");
    done += count;
  }
  values.done();
}

}  // namespace rankwise
