#pragma once
#include <nlohmann/json.hpp>

namespace rankwise::ledger {

// The ledger of a run on a card, from the training code itself on `meta`: its plan, and for a step (and for a step with the method's
// event, where it has one) what every kind of operation asks of a card and the least time that takes on each of kCards.
// `job` as for a plan. Throws what planning throws.
nlohmann::json make_ledger(const nlohmann::json& job);

}  // namespace rankwise::ledger
