#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "io/files.h"
#include "io/input_file.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#include <immintrin.h>
#define RANKWISE_HAVE_SHA_NI 1
#endif

namespace rankwise {
namespace {

using State = std::array<uint32_t, 8>;
using Compress = void (*)(State& state, const uint8_t* data, uint64_t blocks);

constexpr uint64_t kBlock = 64;

// FIPS 180-4, 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes.
alignas(16) constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t big_endian(const uint8_t* p) {
  return static_cast<uint32_t>(p[0]) << 24 | static_cast<uint32_t>(p[1]) << 16 | static_cast<uint32_t>(p[2]) << 8 | p[3];
}

void compress_portable(State& state, const uint8_t* data, uint64_t blocks) {
  for (; blocks > 0; --blocks, data += kBlock) {
    uint32_t w[64];
    for (int t = 0; t < 16; ++t) w[t] = big_endian(data + 4 * t);
    for (int t = 16; t < 64; ++t) {
      const uint32_t s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ (w[t - 15] >> 3);
      const uint32_t s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ (w[t - 2] >> 10);
      w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (int t = 0; t < 64; ++t) {
      const uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
      const uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[t] + w[t];
      const uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
      const uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
    }
    const State step = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; ++i) state[i] += step[i];
  }
}

#ifdef RANKWISE_HAVE_SHA_NI
// The SHA instructions keep the state as (a, b, e, f) and (c, d, g, h) and do two rounds each; four rounds use one vector of the
// message schedule, and the vector sixteen words on is made in the place of the one just used.
__attribute__((target("sha,sse4.1,ssse3"))) void compress_sha_ni(State& state, const uint8_t* data, uint64_t blocks) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(&state[0])), 0xB1);
  const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(&state[4])), 0x1B);
  __m128i abef = _mm_alignr_epi8(badc, hgfe, 8);
  __m128i cdgh = _mm_blend_epi16(hgfe, badc, 0xF0);
  for (; blocks > 0; --blocks, data += kBlock) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];
    for (int i = 0; i < 4; ++i) {
      w[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(data + 16 * i)), swap);
    }
#pragma GCC unroll 16
    for (int group = 0; group < 16; ++group) {
      const __m128i now = w[group & 3], next = w[(group + 1) & 3], third = w[(group + 2) & 3], last = w[(group + 3) & 3];
      const __m128i words = _mm_add_epi32(now, _mm_load_si128(reinterpret_cast<const __m128i*>(&kRound[4 * group])));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, words);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(words, 0x0E));
      const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(now, next), _mm_alignr_epi8(last, third, 4));
      w[group & 3] = _mm_sha256msg2_epu32(sum, last);
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(&state[0]), _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(&state[4]), _mm_alignr_epi8(dchg, feba, 8));
}

bool has_sha_ni() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return false;
  const bool sse = (c & bit_SSSE3) && (c & bit_SSE4_1);
  return sse && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}
#endif

Compress best_compress() {
#ifdef RANKWISE_HAVE_SHA_NI
  if (has_sha_ni()) return compress_sha_ni;
#endif
  return compress_portable;
}

}  // namespace

struct Sha256::Impl {
  State state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  uint8_t rest[kBlock];  // the begun block
  uint64_t total = 0;
  Compress compress;
};

Sha256::Sha256(Sha256Path path) : impl_(std::make_unique<Impl>()) {
  static const Compress best = best_compress();
  impl_->compress = path == Sha256Path::portable ? compress_portable : best;
}

Sha256::~Sha256() = default;

void Sha256::update(const void* data, uint64_t bytes) {
  if (bytes == 0) return;
  const auto* from = static_cast<const uint8_t*>(data);
  uint64_t begun = impl_->total % kBlock;
  impl_->total += bytes;
  if (begun > 0) {
    const uint64_t taken = std::min(bytes, kBlock - begun);
    std::memcpy(impl_->rest + begun, from, taken);
    from += taken;
    bytes -= taken;
    begun += taken;
    if (begun < kBlock) return;
    impl_->compress(impl_->state, impl_->rest, 1);
  }
  impl_->compress(impl_->state, from, bytes / kBlock);
  if (bytes % kBlock > 0) std::memcpy(impl_->rest, from + bytes / kBlock * kBlock, bytes % kBlock);
}

std::string Sha256::hex() {
  const uint64_t bits = impl_->total * 8;
  const uint64_t begun = impl_->total % kBlock;
  uint8_t tail[kBlock + 8] = {0x80};
  const uint64_t zeros = (begun < 56 ? 56 : 120) - begun;  // the 0x80 and what fills the block but for its last eight bytes
  for (int i = 0; i < 8; ++i) tail[zeros + i] = static_cast<uint8_t>(bits >> (56 - 8 * i));
  update(tail, zeros + 8);
  std::string text;
  for (const uint32_t word : impl_->state) {
    for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
  }
  return text;
}

std::string sha256_of_file(const std::string& path) {
  InputFile file(path);
  Sha256 hash;
  std::vector<char> chunk(1 << 20);
  while (const size_t got = file.read(chunk.data(), chunk.size())) hash.update(chunk.data(), got);
  return hash.hex();
}

}  // namespace rankwise
