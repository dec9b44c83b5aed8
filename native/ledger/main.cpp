// gpu_ledger < job.json > ledger.json
#include <iostream>

#include "core/error.h"
#include "ledger/ledger.h"

int main() {
  try {
    std::cout << rankwise::ledger::make_ledger(nlohmann::json::parse(std::cin)).dump(1) << '\n';
    return 0;
  } catch (const rankwise::Error& e) {
    std::cerr << e.what() << '\n' << e.hint() << '\n';
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
  }
  return 1;
}
