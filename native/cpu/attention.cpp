#include "cpu/attention.h"

#include <cmath>

#include "cpu/attention_layout.h"

namespace rankwise {
namespace {

constexpr int64_t kDirectQueries = 4;

struct ForwardViews {
  const View& q;
  const View& k;
  const View& v;
  const View& segment_start;
  const View& out;
  const View* lse;

  const int32_t* starts(int64_t row) const { return segment_start.as<const int32_t>() + row; }
  float* lse_of(const AttentionShape& s, int64_t b, int64_t head) const {
    return lse ? lse->as<float>() + (b * s.heads + head) * s.query_length : nullptr;
  }
};

// Strips of `width` queries against the packed keys and values of one kv head. Scores of a whole strip are held, so the softmax is
// the plain one.
class StripForward {
 public:
  StripForward(const AttentionLayout& layout, const ForwardViews& views, ScratchParts& parts)
      : l_(layout), v_(views), mask_(parts, l_.width), largest_(parts.floats(l_.width)), sums_(parts.floats(l_.width)),
        queries_(parts.units(l_.units(l_.shape.head_dim) * l_.width)), mixed_(parts.floats(l_.shape.head_dim * l_.width)),
        lines_(parts.floats(l_.width * l_.d_row())), scores_(parts.floats(l_.shape.key_length * l_.width)) {}

  void run(int64_t b, int64_t head, int64_t query, const uint32_t* keys, const uint32_t* values) {
    const AttentionShape& s = l_.shape;
    const int64_t n = std::min(l_.width, s.query_length - query);
    const int64_t row = b * s.query_length + query;
    lanes_ = n <= l_.width / 2 ? l_.width / 2 : l_.width;
    mask_.set(s, v_.starts(row), query, n, l_.width);
    from_ = mask_.lowest / l_.rows * l_.rows;
    l_.pack_queries(l_.at(v_.q, row, head), v_.q.ld, n, queries_);
    score(keys);
    mix(values);
    finish(b, head, query, row, n);
  }

 private:
  void score(const uint32_t* keys) {
    std::fill(largest_, largest_ + l_.width, kNoAttentionScore);
    for (int64_t key = from_; key < mask_.highest; key += l_.rows) {
      const int64_t m = std::min(l_.rows, mask_.highest - key);
      float* to = scores_ + (key - from_) * l_.width;
      l_.multiply(l_.units(l_.shape.head_dim), m, lanes_, keys + key / l_.rows * l_.key_panel(), queries_,
                  attention_tile(to, l_.width, false));
      l_.cap(to, m * l_.width);
      l_.kernels.mask_scores(to, key, m, lanes_, mask_.mask, largest_);
    }
  }

  // Chunk by chunk, so that probabilities are used while they are near.
  void mix(const uint32_t* values) {
    std::fill(sums_, sums_ + l_.width, 0.0f);
    for (int64_t key = from_; key < mask_.highest; key += l_.chunk()) {
      const int64_t keys = std::min(l_.chunk(), mask_.highest - key);
      float* p = scores_ + (key - from_) * l_.width;
      l_.kernels.exponentials[l_.bf16](p, keys, lanes_, l_.score_scale(), largest_, sums_);
      for (int64_t d = 0; d < l_.shape.head_dim; d += l_.d_lanes) {
        l_.multiply(l_.units(keys), std::min(l_.d_lanes, l_.shape.head_dim - d), lanes_,
                    values + d / l_.d_lanes * l_.column_panel() + l_.units(key) * l_.stride, reinterpret_cast<uint32_t*>(p),
                    attention_tile(mixed_ + d * l_.width, l_.width, key > from_));
      }
    }
  }

  void finish(int64_t b, int64_t head, int64_t query, int64_t row, int64_t n) {
    if (float* lse = v_.lse_of(l_.shape, b, head)) {
      for (int64_t i = 0; i < n; ++i) lse[query + i] = largest_[i] * l_.score_scale() + std::log(sums_[i]);
    }
    for (int64_t i = 0; i < n; ++i) sums_[i] = sums_[i] > 0 ? 1.0f / sums_[i] : 0.0f;
    const int64_t d = l_.shape.head_dim;
    l_.gemm.pack_lines[0][0](mixed_, l_.width, n, {d, d, 0, l_.d_row(), reinterpret_cast<uint32_t*>(lines_)});
    l_.kernels.store_rows[l_.bf16](lines_, l_.d_row(), sums_, l_.to(v_.out, row, head), v_.out.ld, n, d);
  }

  const AttentionLayout& l_;
  const ForwardViews& v_;
  StripMask mask_;
  float *largest_, *sums_;
  uint32_t* queries_;
  float *mixed_, *lines_, *scores_;
  int64_t lanes_ = 0, from_ = 0;
};

// Part `index` of `count` in `parts` nearly equal ones.
int64_t part(int64_t count, int64_t parts, int64_t index) { return count * index / parts; }

class PackedForward {
 public:
  PackedForward(ThreadPool& pool, const AttentionLayout& layout, const ForwardViews& views, const View& scratch)
      : pool_(pool), l_(layout), v_(views), scratch_(scratch), units_(layout.shape.batch * layout.shape.kv_heads),
        copies_(std::min<int64_t>(units_, pool.size())) {}

  void run() {
    // A member for every unit, unless that would leave members idle for a good part of the time.
    const int64_t members = pool_.size();
    const bool together = units_ < members || (units_ % members != 0 && units_ < 8 * members);
    pool_.run([&](int member) {
      ScratchParts parts(scratch_);
      uint32_t *keys = nullptr, *values = nullptr;
      for (int64_t copy = 0; copy < copies_; ++copy) {
        uint32_t* k = l_.take_keys(parts);
        uint32_t* v = l_.take_columns(parts);
        if (copy == (together ? 0 : member)) keys = k, values = v;
      }
      for (int other = 0; other < member; ++other) StripForward(l_, v_, parts);
      StripForward strips(l_, v_, parts);
      if (together) {
        for (int64_t unit = 0; unit < units_; ++unit) shared_unit(unit, member, strips, keys, values);
      } else {
        for (int64_t unit = part(units_, members, member); unit < part(units_, members, member + 1); ++unit) {
          pack(unit, 0, l_.shape.key_length, keys, values);
          for (int64_t head = 0; head < l_.group(); ++head) {
            for (int64_t query = 0; query < l_.shape.query_length; query += l_.width) strip(unit, head, query, strips, keys, values);
          }
        }
      }
    });
  }

 private:
  void pack(int64_t unit, int64_t from, int64_t to, uint32_t* keys, uint32_t* values) {
    if (from >= to) return;
    const int64_t row = unit / l_.shape.kv_heads * l_.shape.key_length, head = unit % l_.shape.kv_heads;
    l_.pack_keys(l_.at(v_.k, row, head), v_.k.ld, from, to, keys);
    l_.pack_columns(l_.at(v_.v, row, head), v_.v.ld, from, to, values);
  }

  void strip(int64_t unit, int64_t head, int64_t query, StripForward& strips, const uint32_t* keys, const uint32_t* values) {
    strips.run(unit / l_.shape.kv_heads, unit % l_.shape.kv_heads * l_.group() + head, query, keys, values);
  }

  // Strips go to the members back and forth, as later ones see more keys.
  void shared_unit(int64_t unit, int64_t member, StripForward& strips, uint32_t* keys, uint32_t* values) {
    const int64_t members = pool_.size(), panels = (l_.shape.key_length + l_.rows - 1) / l_.rows;
    pack(unit, part(panels, members, member) * l_.rows, std::min(part(panels, members, member + 1) * l_.rows, l_.shape.key_length), keys,
         values);
    pool_.barrier();
    const int64_t count = (l_.shape.query_length + l_.width - 1) / l_.width;
    for (int64_t i = 0; i < count * l_.group(); ++i) {
      const int64_t turn = i % (2 * members);
      if (turn == member || turn == 2 * members - 1 - member) strip(unit, i / count, i % count * l_.width, strips, keys, values);
    }
    pool_.barrier();
  }

  ThreadPool& pool_;
  const AttentionLayout& l_;
  const ForwardViews& v_;
  const View& scratch_;
  int64_t units_, copies_;
};

// A few queries: bound by reading keys and values, which are read where they lie, once for up to four heads of a group.
class DirectForward {
 public:
  DirectForward(const AttentionLayout& layout, const ForwardViews& views, ScratchParts& parts)
      : l_(layout), v_(views), queries_(parts.floats(kMostVectors * l_.shape.head_dim)),
        mixed_(parts.floats(kMostVectors * l_.shape.head_dim)), scores_(parts.floats(kMostVectors * l_.shape.key_length)) {}

  void run(int64_t unit) {
    const int64_t b = unit / l_.shape.kv_heads, kv = unit % l_.shape.kv_heads;
    for (int64_t query = 0; query < l_.shape.query_length; ++query) {
      for (int64_t head = 0; head < l_.group(); head += kMostVectors) {
        heads(b, kv, query, kv * l_.group() + head, std::min<int64_t>(kMostVectors, l_.group() - head));
      }
    }
  }

 private:
  void heads(int64_t b, int64_t kv, int64_t query, int64_t head, int64_t count) {
    const AttentionShape& s = l_.shape;
    const int64_t d = s.head_dim, row = b * s.query_length + query;
    const int64_t to = query + 1 + s.key_length - s.query_length, from = std::clamp<int64_t>(std::max<int64_t>(*v_.starts(row), s.first_in_window(query)), 0, to);
    const int64_t keys = to - from, key_row = b * s.key_length + from;
    for (int64_t i = 0; i < count; ++i) l_.kernels.widen[l_.bf16](l_.at(v_.q, row, head + i), d, queries_ + i * d);
    std::fill(scores_, scores_ + count * keys, 0.0f);
    std::fill(mixed_, mixed_ + count * d, 0.0f);
    if (keys > 0) l_.gemm.dots[l_.bf16][l_.bf16](count, keys, d, queries_, d, l_.at(v_.k, key_row, kv), v_.k.ld, scores_, keys);
    l_.cap(scores_, count * keys);
    float factors[kMostVectors];
    for (int64_t i = 0; i < count; ++i) {
      float largest = 0;
      const float sum = l_.kernels.softmax_row[l_.bf16](scores_ + i * keys, keys, l_.score_scale(), &largest);
      factors[i] = sum > 0 ? 1.0f / sum : 0.0f;
      if (float* lse = v_.lse_of(s, b, head + i)) lse[query] = largest + std::log(sum);
    }
    if (keys > 0) l_.gemm.combine[l_.bf16][l_.bf16](count, d, keys, scores_, keys, l_.at(v_.v, key_row, kv), v_.v.ld, mixed_, d);
    // The heads of a row lie side by side, d apart.
    l_.kernels.store_rows[l_.bf16](mixed_, d, factors, l_.to(v_.out, row, head), d, count, d);
  }

  const AttentionLayout& l_;
  const ForwardViews& v_;
  float *queries_, *mixed_, *scores_;
};

}  // namespace

void attention_forward(ThreadPool& pool, Isa isa, const AttentionShape& shape, const View& q, const View& k, const View& v,
                       const View& segment_start, const View& out, const View* lse, const View& scratch) {
  const AttentionLayout layout(isa, shape, q.dtype);
  const ForwardViews views{q, k, v, segment_start, out, lse};
  const int64_t units = shape.batch * shape.kv_heads;
  if (units == 0 || shape.query_length == 0) return;
  if (shape.query_length > kDirectQueries) return PackedForward(pool, layout, views, scratch).run();
  pool.run([&](int member) {
    ScratchParts parts(scratch);
    for (int other = 0; other < member; ++other) DirectForward(layout, views, parts);
    DirectForward direct(layout, views, parts);
    for (int64_t unit = part(units, pool.size(), member); unit < part(units, pool.size(), member + 1); ++unit) direct.run(unit);
  });
}

}  // namespace rankwise
