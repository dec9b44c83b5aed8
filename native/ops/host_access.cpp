#include "ops/host_access.h"

namespace rankwise {

namespace {

uint64_t bytes_in(const View& view) { return static_cast<uint64_t>(view.size()) * bytes_of(view.dtype); }

}  // namespace

HostRead::HostRead(const Context& context, const View& view) : data_(view.data), bytes_(bytes_in(view)) {
  if (context.ops.host_memory()) return;
  copy_.resize(bytes_);
  context.ops.download(view, copy_.data());
  data_ = copy_.data();
}

HostWrite::HostWrite(const Context& context, const View& view) : ops_(context.ops), view_(view), data_(view.data), bytes_(bytes_in(view)) {
  if (ops_.host_memory()) return;
  copy_.resize(bytes_);
  data_ = copy_.data();
}

void HostWrite::done() {
  if (!ops_.host_memory()) ops_.upload(copy_.data(), view_);
}

}  // namespace rankwise
