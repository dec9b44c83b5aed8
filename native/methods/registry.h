#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "methods/method.h"

namespace rankwise {

// The table of methods: forms, validation, help, documentation and tests come from it.
// {methods: [{name, title, summary, citation, parts, storages, defaultStorage, parameters: [{name, type, default, minimum, maximum, choices,
// help}]}]}
const nlohmann::json& method_registry();

// The parameters of a method with every default written out. Throws E_METHOD for an unknown method or parameter (naming the nearest
// known one), a wrong type or a value out of range.
nlohmann::json complete_parameters(const std::string& method, const nlohmann::json& given);

std::unique_ptr<Method> make_method(const std::string& name, const MethodSettings& settings);

// The candidate closest to `name` by edit distance: for error messages.
std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace rankwise
