#include "core/rng.h"

#include <cmath>
#include <vector>

#include "test/check.h"

using namespace rankwise;
using rankwise::test::check;

namespace {

// The known answers that Random123 (Salmon et al., 2011) publishes for philox4x32-10.
void known_answers() {
  struct Case {
    uint64_t key, low, high;
    std::array<uint32_t, 4> words;
  };
  const Case cases[] = {
      {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {~0ull, ~0ull, ~0ull, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {0x299f31d0a4093822ull, 0x85a308d3243f6a88ull, 0x0370734413198a2eull, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const Case& c : cases) check(philox(c.key, c.low, c.high) == c.words, "philox known answer");
}

void names() {
  check(hash_name("") == 0xcbf29ce484222325ull && hash_name("a") == 0xaf63dc4c8601ec8cull, "FNV-1a known answers");
}

// Mean, variance and fourth moment within five standard errors.
void moments() {
  constexpr int kCount = 200000;
  const RandomStream stream{42, hash_name("moments"), 7};
  double u1 = 0, u2 = 0, n1 = 0, n2 = 0, n4 = 0;
  bool in_range = true;
  for (uint64_t i = 0; i < kCount; ++i) {
    const double u = static_cast<double>(uniform(stream, i)), n = static_cast<double>(normal(stream, i));
    in_range = in_range && u >= 0 && u < 1 && std::isfinite(n);
    u1 += u / kCount;
    u2 += u * u / kCount;
    n1 += n / kCount;
    n2 += n * n / kCount;
    n4 += n * n * n * n / kCount;
  }
  const double error = 5 / std::sqrt(static_cast<double>(kCount));
  check(in_range, "uniform in [0, 1), normal finite");
  check(std::fabs(u1 - 0.5) < 0.289 * error && std::fabs(u2 - 1.0 / 3) < 0.298 * error, "moments of uniform");
  check(std::fabs(n1) < error && std::fabs(n2 - 1) < 1.42 * error && std::fabs(n4 - 3) < 9.8 * error, "moments of normal");
}

void streams_differ() {
  const RandomStream base{1, 2, 3};
  for (const RandomStream other : {RandomStream{2, 2, 3}, RandomStream{1, 3, 3}, RandomStream{1, 2, 4}, RandomStream{2, 1, 3}}) {
    int same = 0;
    for (uint64_t i = 0; i < 1000; ++i) same += uniform(base, i) == uniform(other, i);
    check(same < 5, "streams of another seed, purpose or step are unrelated");
  }
  bool alike = true;
  for (uint64_t i = 0; i < 100; ++i) alike = alike && normal_block(base, i / 4)[i % 4] == normal(base, i);
  check(alike, "blocks of normals are the same numbers");
}

void shuffles() {
  for (const uint64_t size : {1ull, 2ull, 3ull, 4ull, 5ull, 17ull, 64ull, 1000ull, 4097ull}) {
    const RandomStream stream{9, hash_name("data"), 1};
    std::vector<int> seen(size, 0);
    uint64_t in_place = 0;
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t item = shuffled(stream, size, i);
      if (item < size) ++seen[item];
      in_place += item == i;
    }
    bool once = true;
    for (const int count : seen) once = once && count == 1;
    check(once, "shuffled visits each of " + std::to_string(size) + " once");
    if (size >= 64) check(in_place < 12, "shuffled moves nearly every item");
  }
  uint64_t same = 0;
  for (uint64_t i = 0; i < 1000; ++i) same += shuffled({9, 1, 1}, 1000, i) == shuffled({9, 1, 2}, 1000, i);
  check(same < 12, "another epoch is another order");
}

}  // namespace

int main() {
  known_answers();
  names();
  moments();
  streams_differ();
  shuffles();
  return test::finish();
}
