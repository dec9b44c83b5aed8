#pragma once
#include <array>
#include <cstdint>

namespace rankwise {

// Philox4x32-10 (Salmon et al., 2011): four 32-bit words for a (key, counter) pair, so that any tile of any tensor can be drawn
// on its own, on any device, in any order.
std::array<uint32_t, 4> philox(uint64_t key, uint64_t counter_low, uint64_t counter_high);

// Identifies a stream of random numbers: the run's seed, what the numbers are for, and the step at which they are drawn.
struct RandomStream {
  uint64_t seed = 0;
  uint64_t purpose = 0;  // hash_name("…") of the tensor or the use
  uint64_t step = 0;
};

// FNV-1a over the characters: a stable number for a name.
uint64_t hash_name(const char* name);

// The four words behind elements 4·block … 4·block + 3 of the stream.
std::array<uint32_t, 4> stream_words(const RandomStream& stream, uint64_t block);
// The key of stream_words: philox(stream_key(stream), block, stream.step).
uint64_t stream_key(const RandomStream& stream);

// Element `index` of the stream, in [0, 1) with 24 bits.
float uniform(const RandomStream& stream, uint64_t index);
// Element `index` of the stream, standard normal (Box–Muller on the words of one Philox block).
float normal(const RandomStream& stream, uint64_t index);
// Elements 4·block … 4·block + 3 of normal(), at the price of one and a half.
std::array<float, 4> normal_block(const RandomStream& stream, uint64_t block);

// A bijection of [0, size) keyed by the stream (Feistel network with cycle walking): position → item of a shuffled list that is
// never stored.
uint64_t shuffled(const RandomStream& stream, uint64_t size, uint64_t position);

}  // namespace rankwise
