#pragma once
#include <string>
#include <utility>
#include <vector>

namespace rankwise {

// What an event did to one layer, in named figures.
struct LayerReport {
  std::string layer;
  std::vector<std::pair<std::string, double>> figures;
};

// What happened to a run's tensors at one step besides the optimizer's update: merges, refreshes.
struct EventReport {
  std::string kind;  // "merge" | "refresh"; empty = nothing happened
  std::vector<LayerReport> layers;
};

}  // namespace rankwise
