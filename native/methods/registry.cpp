#include "methods/registry.h"

#include <algorithm>

#include "core/error.h"
#include "methods/families.h"
#include "methods/table.h"

namespace rankwise {

using nlohmann::json;

namespace {

const json& row_of(const std::string& method) {
  std::vector<std::string> names;
  for (const json& row : method_registry()["methods"]) {
    if (row["name"] == method) return row;
    names.push_back(row["name"]);
  }
  fail("E_METHOD", "There is no method \"" + method + "\".", "Did you mean \"" + nearest_name(method, names) + "\"? `rankwise methods` lists them.");
}

void check_value(const std::string& method, const json& spec, const json& value) {
  const std::string name = spec["name"], type = spec["type"];
  const std::string where = "method." + name + " of " + method;
  auto refuse = [&](const std::string& why) { fail("E_METHOD", where + " " + why + ".", spec["help"].get<std::string>()); };
  if (type == "boolean" && !value.is_boolean()) refuse("must be true or false");
  if (type == "string" && !value.is_string() && !value.is_null()) refuse("must be a text");
  if (type == "choice" && std::find(spec["choices"].begin(), spec["choices"].end(), value) == spec["choices"].end()) {
    refuse("must be one of " + spec["choices"].dump());
  }
  if (type == "integer" && !value.is_number_integer()) refuse("must be a whole number");
  if (type == "number" && !value.is_number()) refuse("must be a number");
  if (type == "integer" || type == "number") {
    if (value.get<double>() < spec["minimum"].get<double>() || value.get<double>() > spec["maximum"].get<double>()) {
      refuse("must lie between " + spec["minimum"].dump() + " and " + spec["maximum"].dump());
    }
  }
}

size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates) {
  std::string best;
  size_t least = SIZE_MAX;
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(name, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

const json& method_registry() {
  static const json registry = {{"methods", method_rows()}};
  return registry;
}

json complete_parameters(const std::string& method, const json& given) {
  const json& row = row_of(method);
  json complete = json::object();
  std::vector<std::string> names;
  for (const json& spec : row["parameters"]) {
    const std::string name = spec["name"];
    names.push_back(name);
    complete[name] = given.contains(name) ? given[name] : spec["default"];
    check_value(method, spec, complete[name]);
  }
  for (const auto& [key, value] : given.items()) {
    if (key == "name" || complete.contains(key)) continue;
    const std::string near = nearest_name(key, names);
    fail("E_METHOD", "The method \"" + method + "\" has no parameter \"" + key + "\".", near.empty() ? "It has none." : "Did you mean \"" + near + "\"?");
  }
  return complete;
}

std::unique_ptr<Method> make_method(const std::string& name, const MethodSettings& settings) {
  const json& row = row_of(name);
  const char* storage = settings.storage.kind == StorageKind::nf4 ? "nf4" : "dense";
  if (std::find(row["storages"].begin(), row["storages"].end(), storage) == row["storages"].end()) {
    fail("E_RUN", "The method \"" + name + "\" cannot train on " + storage + " storage.", "Set storage.weights to one of " + row["storages"].dump() + ".");
  }
  if (name == "full") return make_full(settings);
  if (name == "lora") return make_lora(settings);
  if (name == "galore") return make_galore(settings);
  return make_loqt(settings);
}

}  // namespace rankwise
