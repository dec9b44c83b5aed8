#pragma once
#include <memory>
#include <string>

#include "core/context.h"

namespace rankwise {

// Where a dense matrix waits outside the arena between two uses: page-locked memory of the host beside a card, which copies while it
// computes; an unlinked file beside the processor, whose memory the arena is.
class Parking {
 public:
  virtual ~Parking() = default;
  // Takes the tensor's contents and, at once or by settle(), its memory.
  virtual void leave(Tensor tensor) = 0;
  // Gives back the memory of what is still on its way out.
  virtual void settle() = 0;
  // Begins to bring the contents back; `to` may be used after await().
  virtual void bring(const View& to) = 0;
  virtual void await() = 0;
  // Until the next leave() there is nothing to keep.
  virtual void forget() = 0;
};

// For a matrix of this many bytes. `folder`: of the file. Throws E_WRITE, E_MEMORY.
std::unique_ptr<Parking> make_parking(const Context& context, uint64_t bytes, const std::string& folder);

}  // namespace rankwise
