// The arena: a sizes-only arena places every block where a real one does, holes are reused, budgets hold.
#include "core/arena.h"
#include "core/rng.h"
#include "test/check.h"

using namespace rankwise;
using test::check;

namespace {

struct Trace {
  std::vector<uint64_t> offsets;
  ArenaUsage usage;
};

// A seeded storm of allocations and releases.
Trace storm(Arena::Kind kind, uint64_t seed) {
  Arena arena(kind, 0);
  Trace trace;
  std::vector<Arena::Block> live;
  for (uint64_t i = 0; i < 2000; ++i) {
    const float draw = uniform({seed, 1, 0}, i);
    if (draw < 0.55f || live.empty()) {
      const auto bytes = static_cast<uint64_t>(uniform({seed, 2, 0}, i) * 100000);
      const auto category = static_cast<Category>(static_cast<int>(uniform({seed, 3, 0}, i) * kCategories));
      const auto lifetime = uniform({seed, 4, 0}, i) < 0.5f ? Lifetime::lasting : Lifetime::passing;
      live.push_back(arena.allocate(bytes, category, lifetime));
      trace.offsets.push_back(live.back().offset);
      if (live.back().data) {
        static_cast<char*>(live.back().data)[0] = 1;
        static_cast<char*>(live.back().data)[live.back().bytes - 1] = 1;
      }
    } else {
      const auto which = static_cast<size_t>(uniform({seed, 5, 0}, i) * static_cast<float>(live.size()));
      arena.release(live[which]);
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(which));
    }
  }
  trace.usage = arena.usage();
  return trace;
}

void real_and_sizes_only_agree() {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const Trace real = storm(Arena::Kind::real, seed), sizes = storm(Arena::Kind::sizes_only, seed);
    check(real.offsets == sizes.offsets, "the same places");
    check(real.usage.peak_bytes == sizes.usage.peak_bytes && real.usage.peak_bytes > 0, "the same peak");
    uint64_t sum = real.usage.unused_at_peak;
    for (uint64_t bytes : real.usage.peak_by_category) sum += bytes;
    check(sum == real.usage.peak_bytes, "categories and holes add up to the peak");
  }
}

void holes_are_reused() {
  Arena arena(Arena::Kind::sizes_only, 0);
  auto take = [&](uint64_t bytes) { return arena.allocate(bytes, Category::workspace, Lifetime::passing); };
  const auto a = take(640), b = take(1280), c = take(640);
  (void)c;
  arena.release(a);
  arena.release(b);
  check(take(1920).offset == 0 && arena.usage().peak_bytes == 2560, "neighbouring holes join");
}

void everything_returns() {
  Arena arena(Arena::Kind::real, 1 << 20);
  for (int i = 0; i < 3; ++i) {
    Tensor t(arena, DType::f32, 100, 100, Category::weights, Lifetime::passing);
    Tensor moved = std::move(t);
    check(!t && moved && moved.as<float>() != nullptr, "a tensor moves");
  }
  check(arena.usage().live_bytes == 0, "tensors give their memory back");
  check(arena.usage().peak_bytes == 40000, "and take no more than one at a time");
}

void budgets_hold() {
  Arena arena(Arena::Kind::real, 4096);
  const auto a = arena.allocate(4096, Category::weights, Lifetime::lasting);
  test::check_refused("E_BUDGET", "one byte more than the budget", [&] { arena.allocate(1, Category::weights, Lifetime::passing); });
  arena.release(a);
}

}  // namespace

int main() {
  real_and_sizes_only_agree();
  holes_are_reused();
  everything_returns();
  budgets_hold();
  return test::finish();
}
