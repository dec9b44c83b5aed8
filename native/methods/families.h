#pragma once
#include "methods/method.h"

namespace rankwise {

// One maker per method family; the registry's rows point here. `settings.parameters` must be complete (registry.h).
std::unique_ptr<Method> make_full(const MethodSettings& settings);
std::unique_ptr<Method> make_lora(const MethodSettings& settings);
std::unique_ptr<Method> make_galore(const MethodSettings& settings);
std::unique_ptr<Method> make_loqt(const MethodSettings& settings);

}  // namespace rankwise
