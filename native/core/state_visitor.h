#pragma once
#include <functional>
#include <string>

#include "core/view.h"

namespace rankwise {

// Called for every tensor that belongs to a run's state, always in the same order: for checkpoints and for the final hash.
using StateVisitor = std::function<void(const std::string& name, const View& tensor)>;

}  // namespace rankwise
