#pragma once
#include <nlohmann/json.hpp>

namespace rankwise {

// The rows of the registry: what each method is, what it is made of, and what can be set.
nlohmann::json method_rows();

}  // namespace rankwise
