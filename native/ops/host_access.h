#pragma once
#include <vector>

#include "core/context.h"

namespace rankwise {

// The elements of a contiguous tensor for the host to read: in place where it lies in the host's memory, else a copy. On the meta
// backend there is nothing to read and data() is null.
class HostRead {
 public:
  HostRead(const Context& context, const View& view);
  const void* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }
  template <class T>
  const T* as() const {
    return static_cast<const T*>(data_);
  }

 private:
  std::vector<char> copy_;
  const void* data_;
  uint64_t bytes_;
};

// The same for writing: all elements are to be set. Nothing reaches the tensor of a card before done().
class HostWrite {
 public:
  HostWrite(const Context& context, const View& view);
  void* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }
  void done();

 private:
  Backend& ops_;
  View view_;
  std::vector<char> copy_;
  void* data_;
  uint64_t bytes_;
};

}  // namespace rankwise
