#include "core/rng.h"

#include <cmath>

namespace rankwise {
namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53u, kMultiplier1 = 0xCD9E8D57u;
constexpr uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
constexpr int kRounds = 10;

// The finalizer of MurmurHash3 (Appleby): a bijection of 64-bit words that spreads every bit.
uint64_t mix(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdull;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ull;
  return x ^ (x >> 33);
}

}  // namespace

std::array<uint32_t, 4> philox(uint64_t key, uint64_t counter_low, uint64_t counter_high) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  std::array<uint32_t, 4> c = {static_cast<uint32_t>(counter_low), static_cast<uint32_t>(counter_low >> 32),
                               static_cast<uint32_t>(counter_high), static_cast<uint32_t>(counter_high >> 32)};
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t p0 = static_cast<uint64_t>(kMultiplier0) * c[0];
    const uint64_t p1 = static_cast<uint64_t>(kMultiplier1) * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1), static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1,
         static_cast<uint32_t>(p0)};
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  return c;
}

uint64_t hash_name(const char* name) {
  uint64_t h = 0xcbf29ce484222325ull;
  for (; *name; ++name) h = (h ^ static_cast<unsigned char>(*name)) * 0x100000001b3ull;
  return h;
}

uint64_t stream_key(const RandomStream& stream) { return mix(stream.seed + 0x9e3779b97f4a7c15ull) ^ mix(~stream.purpose); }

std::array<uint32_t, 4> stream_words(const RandomStream& stream, uint64_t block) {
  return philox(stream_key(stream), block, stream.step);
}

float uniform(const RandomStream& stream, uint64_t index) {
  return static_cast<float>(stream_words(stream, index / 4)[index % 4] >> 8) * 0x1p-24f;
}

std::array<float, 4> normal_block(const RandomStream& stream, uint64_t block) {
  const std::array<uint32_t, 4> words = stream_words(stream, block);
  std::array<float, 4> out;
  for (int pair = 0; pair < 2; ++pair) {
    // (0, 1] and [0, 2π), in double so that other devices round to the same floats but for rare ties.
    const double radius = std::sqrt(-2.0 * std::log((static_cast<double>(words[2 * pair]) + 1.0) * 0x1p-32));
    const double angle = 6.283185307179586 * 0x1p-32 * static_cast<double>(words[2 * pair + 1]);
    out[2 * pair] = static_cast<float>(radius * std::cos(angle));
    out[2 * pair + 1] = static_cast<float>(radius * std::sin(angle));
  }
  return out;
}

float normal(const RandomStream& stream, uint64_t index) { return normal_block(stream, index / 4)[index % 4]; }

uint64_t shuffled(const RandomStream& stream, uint64_t size, uint64_t position) {
  if (size < 2) return 0;
  int half_bits = 1;
  while (half_bits < 32 && (1ull << (2 * half_bits)) < size) ++half_bits;
  const uint64_t mask = (1ull << half_bits) - 1;
  const uint64_t key = stream_key(stream) + mix(stream.step);
  uint64_t item = position;
  do {
    uint64_t left = item >> half_bits, right = item & mask;
    for (uint64_t round = 1; round <= 8; ++round) {
      const uint64_t next = left ^ (mix(key + mix(right * 16 + round)) & mask);
      left = right;
      right = next;
    }
    item = (left << half_bits) | right;
  } while (item >= size);  // a bijection of the next power of four, walked until it lands inside: under four rounds on average
  return item;
}

}  // namespace rankwise
