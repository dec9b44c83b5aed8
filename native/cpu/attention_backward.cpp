#include <cstring>

#include "cpu/attention.h"
#include "cpu/attention_layout.h"

namespace rankwise {
namespace {

constexpr int64_t kBlock = 64;  // queries of a step

struct BackwardViews {
  const View &dout, &q, &k, &v, &out, &segment_start, &lse, &dq, &dk, &dv;
};

// One kv head of one sequence at a time. Steps of a block of queries against a chunk of keys:
//   S' = K Q', dP' = V dO' by strips, then P and dS from the saved log-sum-exp; dV += P' dO, dK += dS' Q, dQ' += K' dS'.
class UnitBackward {
 public:
  UnitBackward(const AttentionLayout& layout, const BackwardViews& views, ScratchParts& parts)
      : l_(layout), v_(views), keys_(l_.take_keys(parts)), values_(l_.take_keys(parts)),
        key_columns_(l_.take_columns(parts)), dk_(parts.floats(l_.shape.key_length * l_.shape.head_dim)),
        dv_(parts.floats(l_.shape.key_length * l_.shape.head_dim)), queries_(parts.units(kBlock * l_.units(l_.shape.head_dim))),
        douts_(parts.units(kBlock * l_.units(l_.shape.head_dim))), query_columns_(parts.units(wide_units())),
        dout_columns_(parts.units(wide_units())), p_(parts.floats(l_.chunk() * kBlock)), ds_(parts.floats(l_.chunk() * kBlock)),
        ds_units_(parts.floats(l_.chunk() * kBlock)), p_panels_(parts.units(panels_size())), ds_panels_(parts.units(panels_size())),
        dq_(parts.floats(l_.shape.head_dim * kBlock)), lines_(parts.floats(kBlock * l_.d_row())), lse_(parts.floats(kBlock)),
        delta_(parts.floats(kBlock)), masks_{{parts, l_.width}, {parts, l_.width}, {parts, l_.width}, {parts, l_.width}} {}

  void run(int64_t unit) {
    const AttentionShape& s = l_.shape;
    const int64_t b = unit / s.kv_heads, kv = unit % s.kv_heads, row = b * s.key_length;
    l_.pack_keys(l_.at(v_.k, row, kv), v_.k.ld, 0, s.key_length, keys_);
    l_.pack_keys(l_.at(v_.v, row, kv), v_.v.ld, 0, s.key_length, values_);
    l_.pack_columns(l_.at(v_.k, row, kv), v_.k.ld, 0, s.key_length, key_columns_);
    std::memset(dk_, 0, static_cast<size_t>(s.key_length * s.head_dim) * sizeof(float));
    std::memset(dv_, 0, static_cast<size_t>(s.key_length * s.head_dim) * sizeof(float));
    for (int64_t head = kv * l_.group(); head < (kv + 1) * l_.group(); ++head) {
      for (int64_t query = 0; query < s.query_length; query += kBlock) block(b, head, query);
    }
    l_.kernels.store_rows[l_.bf16](dk_, s.head_dim, nullptr, l_.to(v_.dk, row, kv), v_.dk.ld, s.key_length, s.head_dim);
    l_.kernels.store_rows[l_.bf16](dv_, s.head_dim, nullptr, l_.to(v_.dv, row, kv), v_.dv.ld, s.key_length, s.head_dim);
  }

 private:
  int64_t wide_units() const { return l_.d_columns() * l_.width * kBlock; }
  int64_t panels_size() const { return l_.chunk() / l_.rows * l_.stride * kBlock; }
  int64_t strip_queries(int64_t strip) const { return std::min(l_.width, n_ - strip * l_.width); }
  int64_t strip_lanes(int64_t strip) const { return strip_queries(strip) <= l_.width / 2 ? l_.width / 2 : l_.width; }

  void block(int64_t b, int64_t head, int64_t query) {
    const AttentionShape& s = l_.shape;
    const int64_t d = s.head_dim, row = b * s.query_length + query;
    n_ = std::min(kBlock, s.query_length - query);
    used_ = (n_ + l_.width - 1) / l_.width;
    read_queries(row, b, head, query);
    int64_t lowest = s.key_length;
    for (int64_t i = 0; i < used_; ++i) {
      const int64_t from = query + i * l_.width;
      masks_[i].set(s, v_.segment_start.as<const int32_t>() + row + i * l_.width, from, strip_queries(i), l_.width);
      lowest = std::min(lowest, masks_[i].lowest);
    }
    lowest = lowest / l_.rows * l_.rows;
    const int64_t highest = masks_[used_ - 1].highest;
    for (int64_t key = lowest; key < highest; key += l_.chunk()) step(key, std::min(l_.chunk(), highest - key), key == lowest);
    for (int64_t i = 0; i < used_; ++i) {
      l_.gemm.pack_lines[0][0](dq_ + i * l_.width * d, l_.width, strip_queries(i),
                               {d, d, 0, l_.d_row(), reinterpret_cast<uint32_t*>(lines_ + i * l_.width * l_.d_row())});
    }
    l_.kernels.store_rows[l_.bf16](lines_, l_.d_row(), nullptr, l_.to(v_.dq, row, head), v_.dq.ld, n_, d);
  }

  void read_queries(int64_t row, int64_t b, int64_t head, int64_t query) {
    const char* q = l_.at(v_.q, row, head);
    const char* g = l_.at(v_.dout, row, head);
    l_.pack_queries(q, v_.q.ld, n_, queries_);
    l_.pack_queries(g, v_.dout.ld, n_, douts_);
    const int64_t panel = l_.units(n_) * l_.width;
    l_.gemm.pack_lanes[l_.bf16][l_.bf16](q, v_.q.ld, n_, {l_.shape.head_dim, l_.width, panel, l_.width, query_columns_});
    l_.gemm.pack_lanes[l_.bf16][l_.bf16](g, v_.dout.ld, n_, {l_.shape.head_dim, l_.width, panel, l_.width, dout_columns_});
    std::fill(delta_, delta_ + kBlock, 0.0f);
    std::fill(lse_, lse_ + kBlock, 0.0f);
    l_.kernels.row_dots[l_.bf16](g, v_.dout.ld, l_.at(v_.out, row, head), v_.out.ld, n_, l_.shape.head_dim, delta_);
    std::memcpy(lse_, v_.lse.as<float>() + (b * l_.shape.heads + head) * l_.shape.query_length + query,
                static_cast<size_t>(n_) * sizeof(float));
  }

  void step(int64_t key, int64_t keys, bool first) {
    for (int64_t i = 0; i < used_; ++i) probabilities(i, key, keys);
    const int64_t d = l_.shape.head_dim, block_units = l_.units(n_), panel = block_units * l_.stride;
    for (int64_t m = 0; m < keys; m += l_.rows) {
      for (int64_t at = 0; at < d; at += l_.width) {
        const int64_t to = (key + m) * d + at, count = std::min(l_.rows, keys - m), columns = std::min(l_.width, d - at);
        const int64_t wide = at / l_.width * block_units * l_.width;
        l_.multiply(block_units, count, columns, p_panels_ + m / l_.rows * panel, dout_columns_ + wide,
                    attention_tile(dv_ + to, d, true));
        l_.multiply(block_units, count, columns, ds_panels_ + m / l_.rows * panel, query_columns_ + wide,
                    attention_tile(dk_ + to, d, true));
      }
    }
    const float* units = l_.bf16 ? ds_units_ : ds_;
    for (int64_t at = 0; at < d; at += l_.d_lanes) {
      const uint32_t* columns = key_columns_ + at / l_.d_lanes * l_.column_panel() + l_.units(key) * l_.stride;
      for (int64_t i = 0; i < used_; ++i) {
        l_.multiply(l_.units(keys), std::min(l_.d_lanes, d - at), strip_lanes(i), columns,
                    reinterpret_cast<const uint32_t*>(units + i * strip_size()),
                    attention_tile(dq_ + (i * d + at) * l_.width, l_.width, !first));
      }
    }
  }

  int64_t strip_size() const { return l_.chunk() * l_.width; }

  // P and dS of a strip, as it stands for dQ and turned (k along the queries) for dK and dV.
  void probabilities(int64_t i, int64_t key, int64_t keys) {
    float* p = p_ + i * strip_size();
    float* ds = ds_ + i * strip_size();
    float* ds_units = ds_units_ + i * strip_size();
    const int64_t k = l_.units(l_.shape.head_dim), lanes = strip_lanes(i), at = i * l_.width;
    const int64_t seen = std::clamp<int64_t>(masks_[i].highest - key, 0, keys);
    for (int64_t m = 0; m < seen; m += l_.rows) {
      const int64_t panel = (key + m) / l_.rows * l_.key_panel(), count = std::min(l_.rows, seen - m);
      l_.multiply(k, count, lanes, keys_ + panel, queries_ + at * k,
                  attention_tile(p + m * l_.width, l_.width, false));
      l_.cap(p + m * l_.width, count * l_.width);
      l_.multiply(k, count, lanes, values_ + panel, douts_ + at * k, attention_tile(ds + m * l_.width, l_.width, false));
    }
    // Keys past the strip's last query: no product is worth making.
    std::fill(p + seen * l_.width, p + keys * l_.width, 0.0f);
    std::fill(ds + seen * l_.width, ds + keys * l_.width, 0.0f);
    std::fill(ds_units + l_.units(seen) * l_.width, ds_units + l_.units(keys) * l_.width, 0.0f);
    l_.kernels.gradients[l_.bf16](p, ds, ds_units, key, seen, lanes, masks_[i].mask, lse_ + at, delta_ + at, l_.shape.scale,
                                   l_.shape.softcap);
    const int64_t offset = l_.units(at) * l_.stride, panel = l_.units(n_) * l_.stride;
    l_.gemm.pack_lines[l_.bf16][0](p, l_.width, strip_queries(i), {keys, l_.rows, panel, l_.stride, p_panels_ + offset});
    l_.gemm.pack_lines[l_.bf16][0](ds, l_.width, strip_queries(i), {keys, l_.rows, panel, l_.stride, ds_panels_ + offset});
  }

  const AttentionLayout& l_;
  const BackwardViews& v_;
  uint32_t *keys_, *values_, *key_columns_;
  float *dk_, *dv_;
  uint32_t *queries_, *douts_, *query_columns_, *dout_columns_;
  float *p_, *ds_, *ds_units_;
  uint32_t *p_panels_, *ds_panels_;
  float *dq_, *lines_, *lse_, *delta_;
  StripMask masks_[4];
  int64_t n_ = 0, used_ = 0;  // queries of the block, and its strips
};

}  // namespace

void attention_backward(ThreadPool& pool, Isa isa, const AttentionShape& shape, const View& dout, const View& q, const View& k,
                        const View& v, const View& out, const View& segment_start, const View& lse, const View& dq, const View& dk,
                        const View& dv, const View& scratch) {
  const AttentionLayout layout(isa, shape, q.dtype);
  const BackwardViews views{dout, q, k, v, out, segment_start, lse, dq, dk, dv};
  const int64_t units = shape.batch * shape.kv_heads, copies = std::min<int64_t>(units, pool.size());
  if (units == 0 || shape.query_length == 0) return;
  pool.run([&](int member) {
    if (member >= copies) return;
    ScratchParts parts(scratch);
    for (int other = 0; other < member; ++other) UnitBackward(layout, views, parts);
    UnitBackward backward(layout, views, parts);
    for (int64_t unit = units * member / copies; unit < units * (member + 1) / copies; ++unit) backward.run(unit);
  });
}

}  // namespace rankwise
