#include <algorithm>

#include "cpu/attention.h"

// Sizes of the panels that the CPU kernels cut operands into, for the instruction set that pads most, in f32: the other sets, and
// bfloat16, need no more, so that a plan fits whatever processor runs it. What is counted here is what cpu/attention_layout.h carves
// out; attention_test checks that it suffices.
namespace rankwise {
namespace {

constexpr int64_t kStrip = 32;        // queries side by side in the forward pass
constexpr int64_t kBlock = 64;        // queries of a step of the backward pass
constexpr int64_t kChunkLanes = 128;  // keys of a step of the backward pass, with padding
constexpr int64_t kDirect = 4;        // queries that read keys and values as they stand
constexpr int64_t kSlack = 1024;      // alignment of the parts, and per-query numbers

int64_t rounded_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
// n lanes in panels of 14, padded to 16, or of 6, padded to 8.
int64_t lanes(int64_t n) { return std::max((n + 13) / 14 * 16, (n + 5) / 6 * 8); }

int64_t packed_keys(int64_t keys, int64_t d) { return lanes(keys) * d; }
int64_t packed_columns(int64_t keys, int64_t d) { return lanes(d) * rounded_up(keys, 2); }

}  // namespace

uint64_t cpu_attention_scratch_bytes(const AttentionShape& shape, int threads) {
  const int64_t keys = shape.key_length, d = shape.head_dim;
  const int64_t units = std::max<int64_t>(1, shape.batch * shape.kv_heads), members = std::max(threads, 1);
  const int64_t copies = std::min(units, members);
  int64_t floats;
  if (shape.query_length <= kDirect) {
    floats = members * (kDirect * (keys + 2 * d) + kSlack);
  } else {
    floats = copies * (packed_keys(keys, d) + packed_columns(keys, d)) +
             members * (kStrip * (keys + 2 * d + rounded_up(d, 16)) + kSlack) + kSlack;
  }
  if (shape.query_length == keys) {
    const int64_t backward = 2 * packed_keys(keys, d) + packed_columns(keys, d) + 2 * keys * d +
                             kBlock * (3 * d + 2 * rounded_up(d, 32) + rounded_up(d, 16)) + 5 * kChunkLanes * kBlock + kSlack;
    floats = std::max(floats, copies * backward);
  }
  return static_cast<uint64_t>(floats) * sizeof(float);
}

}  // namespace rankwise
