// Mirrors native/cuda/kernels/{elements,fills,sums,adam,adam8,nf4}.cu.
#include <algorithm>

#include "ledger/card_costs.h"

namespace rankwise::ledger {

namespace {

constexpr double kPiece = 16384;    // elements that a block sums
constexpr double kPartials = 4096;  // pieces of one pair of launches
constexpr double kAnswers = 16;     // bytes that the host waits for

double size(const View& v) { return static_cast<double>(v.size()); }
double divided_up(double n, double by) { return static_cast<double>((static_cast<int64_t>(n) + static_cast<int64_t>(by) - 1) / static_cast<int64_t>(by)); }

// The total set to zero; pieces, then the pieces' sum; for each view.
Traffic pieces(double elements, double bytes, double operations) {
  const double count = divided_up(elements, kPiece), rounds = divided_up(count, kPartials);
  Traffic cost;
  cost.launches = 2 * rounds;
  cost.read = bytes + 8 * count + 8 * rounds;
  cost.written = 8 * count + 8 * rounds;
  cost.operations = operations;
  return cost;
}

Traffic begin_total() { return launch(0, 8); }
Traffic wait_for_answers() { return launch(kAnswers, 0); }

double adam8_states(const View& gradient) { return 2 * size(gradient) + 8 * divided_up(size(gradient), 256); }

constexpr double kAdamOperations = 14;

}  // namespace

// The bytes, and the answers that tell what kernels have found.
Traffic download(const View& from) {
  Traffic cost = wait_for_answers();
  if (from.size() > 0) cost += launch(bytes_in(from), 0);
  return cost;
}

// Only there for what follows: no operation of the model.
Traffic zero(const View& x) { return launch(0, bytes_in(x)); }
Traffic copy(const View& from, const View& to) { return launch(bytes_in(from), bytes_in(to)); }
Traffic fill(const View& x) { return launch(0, bytes_in(x), 12 * size(x)); }

Traffic axpby(const View& x, float beta, const View& y) { return launch(bytes_in(x) + (beta == 0.0f ? 0 : bytes_in(y)), bytes_in(y), 3 * size(x)); }

Traffic multiply(const View& a) { return launch(2 * bytes_in(a), bytes_in(a), size(a)); }

Traffic sums(std::span<const View> views) {
  Traffic cost = begin_total();
  for (const View& v : views) {
    cost += pieces(size(v), bytes_in(v), 2 * size(v));
    cost.floor += bytes_in(v);
  }
  cost += wait_for_answers();
  return cost;
}

Traffic squared_distance(const View& a, const View& b) {
  Traffic cost = begin_total();
  cost += pieces(size(a), bytes_in(a) + bytes_in(b), 3 * size(a));
  cost += wait_for_answers();
  cost.floor = bytes_in(a) + bytes_in(b);
  return cost;
}

Traffic adamw(const View& parameter, const View& gradient, const View& m) {
  const double state = bytes_in(parameter) + 2 * bytes_in(m);
  return no_more_than_needed(launch(state + bytes_in(gradient), state, kAdamOperations * size(gradient)));
}

Traffic adamw8(const View& parameter, const View& gradient) {
  const double state = bytes_in(parameter) + adam8_states(gradient);
  return no_more_than_needed(launch(state + bytes_in(gradient), state, (kAdamOperations + 16) * size(gradient)));
}

Traffic adam_direction(const View& gradient, const View& m, const View& update) {
  return no_more_than_needed(launch(2 * bytes_in(m) + bytes_in(gradient), 2 * bytes_in(m) + bytes_in(update), kAdamOperations * size(gradient)));
}

Traffic adam_direction8(const View& gradient, const View& update) {
  const double states = adam8_states(gradient);
  return no_more_than_needed(launch(states + bytes_in(gradient), states + bytes_in(update), (kAdamOperations + 16) * size(gradient)));
}

Traffic quantize_nf4(const View& from, const Nf4View& to) {
  const double blocks = static_cast<double>(to.blocks()), codes = static_cast<double>(to.code_bytes()), scales = static_cast<double>(to.scale_blocks());
  Traffic cost = launch(bytes_in(from), codes + 4 * blocks, 17 * size(from));
  if (to.double_quantized) {
    cost += begin_total();
    cost += pieces(blocks, 4 * blocks, blocks);
    cost += launch(8, 4);  // the offset
    cost += launch(4 * blocks + 4, blocks + 4 * scales, 10 * blocks);
  }
  cost.floor = bytes_in(from) + bytes_in(to);
  return cost;
}

Traffic dequantize_nf4(const Nf4View& from, const View& to) { return no_more_than_needed(launch(bytes_in(from), bytes_in(to), size(to))); }

}  // namespace rankwise::ledger
