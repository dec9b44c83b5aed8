#include "cpu/gemm.h"

#include <algorithm>

#include "cpu/gemm_operand.h"
#include "cpu/gemm_vectors.h"
#include "cpu/vector_dispatch.h"
#include "cpu/view_math.h"

namespace rankwise {
namespace {

// Units of k that are summed in registers before the tile goes to memory.
constexpr int64_t kMostUnits = 1024;
// The streamed panels that are used together: they stay in the second-level cache while the stationary ones pass.
constexpr int64_t kGroupBytes = 256 << 10;
// A stationary block of this size stays in the first-level cache, or near it.
constexpr int64_t kNearBytes = 64 << 10;
// Packing of the stationary operand is shared out in pieces of this many units and panels.
constexpr int64_t kPieceUnits = 128, kPiecePanels = 8;
// Below this many multiplications waking the others costs more than it brings.
constexpr int64_t kAloneBelow = 1 << 18;

// A member's memory: scratch of the reader, streamed panels, sums that wait for the rest of k.
constexpr int64_t kScratchBytes = OperandReader::kScratch * sizeof(float);
constexpr int64_t kPartialBytes = 1 << 20;
constexpr int64_t kStreamBytes = static_cast<int64_t>(kGemmThreadBytes) - kScratchBytes - kPartialBytes;
constexpr int64_t kMostPartials = kPartialBytes / static_cast<int64_t>(sizeof(float));
constexpr int64_t kMostStrips = 4;      // terms whose operands are read as they are stored
constexpr int64_t kPartialLanes = 512;  // stationary lanes at a time where sums have to wait

int64_t parts(int64_t count, int64_t size) { return (count + size - 1) / size; }
int64_t round_up(int64_t count, int64_t size) { return parts(count, size) * size; }

struct Range {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};

// The member's contiguous share of [0, count), in whole grains.
Range share(int64_t count, int64_t grain, int member, int members) {
  const int64_t grains = parts(count, grain), each = grains / members, more = grains % members;
  const auto first = [&](int64_t m) { return std::min(count, (m * each + std::min(m, more)) * grain); };
  return {first(member), first(member + 1)};
}

// Rows of A or columns of B as panels.
struct Lanes {
  bool left;
  int64_t count;
  int64_t most;    // lanes of a full panel
  int64_t stride;  // units per k of a panel
  int64_t grain;   // of the members' shares

  // Rows are spread evenly over the panels; columns fill theirs, because a vector costs the same full or not.
  int64_t panel_lanes(int64_t lanes) const { return left && lanes > 0 ? parts(lanes, parts(lanes, most)) : most; }
};

// One operand stays: it is packed whole by all members together (block by block where it is large). The other streams: each member packs
// panels of its own share just before it uses them on all that stays. So members meet only when what stays is replaced.
class PackedProduct {
 public:
  PackedProduct(ThreadPool& pool, Isa isa, const GemmWorkspace& workspace, std::span<const Term> terms, const View& out, Product product,
                const Epilogue& epilogue)
      : pool_(pool), kernels_(gemm_kernels(isa)), reader_(kernels_, vector_kernels(isa), product), workspace_(workspace), terms_(terms),
        out_(out), epilogue_(epilogue), product_(product == Product::bf16 ? 1 : 0),
        per_unit_(product_ == 1 && kernels_.units_of_two ? 2 : 1) {
    int64_t multiplications = 0;
    for (const Term& term : terms_) {
      units_ += units_of(term);
      multiplications += term.a.cols() * out.rows * out.cols;
    }
    members_ = multiplications < kAloneBelow ? 1 : pool.size();
    direct_a_ = reads_a();
    direct_b_ = reads_b();
    plan();
  }

  void run() {
    if (members_ == 1) return work(0);
    pool_.run([this](int member) { work(member); });
  }

 private:
  void plan() {
    const Lanes rows{true, out_.rows, kernels_.rows, kernels_.row_stride, 2};
    const Lanes cols{false, out_.cols, kernels_.cols, kernels_.cols, kernels_.cols / 2};
    const bool stream_rows = parts(rows.count, rows.most) >= parts(cols.count, cols.most);
    stream_ = stream_rows ? rows : cols;
    stay_ = stream_rows ? cols : rows;
    chunks_ = std::max<int64_t>(1, parts(units_, kMostUnits));
    chunk_units_ = std::max<int64_t>(16, round_up(parts(units_, chunks_), 16));
    chunks_ = std::max<int64_t>(1, parts(units_, chunk_units_));
    const int64_t panel_bytes = chunk_units_ * stay_.stride * 4;
    stay_block_ = static_cast<int64_t>(kGemmSharedBytes) / panel_bytes * stay_.most;
    stream_block_ = stream_.count;
    waits_ = chunks_ > 1 && out_.dtype == DType::bf16;
    if (waits_) {
      stay_block_ = std::min(stay_block_, kPartialLanes / stay_.most * stay_.most);
      stream_block_ = kMostPartials / stay_block_ / stream_.grain * stream_.grain * members_;
    }
    const int64_t stream_bytes = chunk_units_ * stream_.stride * 4;
    group_ = std::clamp<int64_t>(kGroupBytes / stream_bytes, 1, kStreamBytes / stream_bytes);
    // Where everything that stays is at hand anyway, results are written row after row.
    if (parts(std::min(stay_.count, stay_block_), stay_.most) * panel_bytes <= kNearBytes) group_ = 1;
  }

  // Units [first, first + count) of lanes [lane, lane + width) of all terms, one after the other, into panels.
  void pack(const Lanes& lanes, int64_t lane, int64_t width, int64_t panel_lanes, int64_t panel_stride, int64_t first, int64_t count,
            uint32_t* to, float* scratch) const {
    int64_t start = 0;
    for (const Term& term : terms_) {
      const int64_t k = term.a.cols(), end = start + units_of(term);
      const int64_t from = std::max(first, start), until = std::min(first + count, end);
      if (from < until) {
        const int64_t k0 = (from - start) * per_unit_, k1 = std::min(k, (until - start) * per_unit_);
        const GemmPanels panels{width, panel_lanes, panel_stride, lanes.stride, to + (from - first) * lanes.stride};
        reader_.pack(lanes.left ? term.a : term.b, lanes.left, lane, k0, k1 - k0, panels, scratch);
      }
      start = end;
    }
  }

  void pack_stay(Range block, int64_t panel_lanes, int64_t first, int64_t count, int member, float* scratch) const {
    const int64_t stride = count * stay_.stride, panels = parts(block.size(), panel_lanes);
    const int64_t slabs = parts(count, kPieceUnits), groups = parts(panels, kPiecePanels);
    const Range mine = share(slabs * groups, 1, member, members_);
    for (int64_t piece = mine.begin; piece < mine.end; ++piece) {
      const int64_t unit = piece % slabs * kPieceUnits, panel = piece / slabs * kPiecePanels;
      const int64_t lane = panel * panel_lanes, width = std::min(kPiecePanels * panel_lanes, block.size() - lane);
      pack(stay_, block.begin + lane, width, panel_lanes, stride, first + unit, std::min(kPieceUnits, count - unit),
           static_cast<uint32_t*>(workspace_.shared) + panel * stride + unit * stay_.stride, scratch);
    }
  }

  // A shift: this is asked for every tile.
  int64_t units_of(const Term& term) const { return (term.a.cols() + per_unit_ - 1) >> (per_unit_ - 1); }

  void meet() const {
    if (members_ > 1) pool_.barrier();
  }

  void work(int member) const {
    char* own = static_cast<char*>(workspace_.per_thread) + static_cast<uint64_t>(member) * kGemmThreadBytes;
    float* scratch = reinterpret_cast<float*>(own);
    uint32_t* panels = reinterpret_cast<uint32_t*>(own + kScratchBytes);
    float* partial = reinterpret_cast<float*>(own + kScratchBytes + kStreamBytes);
    bool first = true;
    for (int64_t s = 0; s < stay_.count; s += stay_block_) {
      const Range block{s, std::min(stay_.count, s + stay_block_)};
      const int64_t stay_lanes = stay_.panel_lanes(block.size());
      for (int64_t t = 0; t < stream_.count; t += stream_block_) {
        Range mine = share(std::min(stream_block_, stream_.count - t), stream_.grain, member, members_);
        mine = {mine.begin + t, mine.end + t};
        for (int64_t chunk = 0; chunk < chunks_; ++chunk) {
          const int64_t unit = chunk * chunk_units_, count = std::min(chunk_units_, units_ - unit);
          if (!direct(stay_) && (t == 0 || chunks_ > 1)) {
            if (!first) meet();
            first = false;
            pack_stay(block, stay_lanes, unit, count, member, scratch);
            meet();
          }
          multiply(block, stay_lanes, mine, chunk, count, panels, partial, scratch);
        }
      }
    }
  }

  // The member's share of the streamed operand times the block that stays, for one chunk of k.
  void multiply(Range block, int64_t stay_lanes, Range mine, int64_t chunk, int64_t units, uint32_t* panels, float* partial,
                float* scratch) const {
    const int64_t stream_lanes = stream_.panel_lanes(mine.size());
    const int64_t stream_stride = units * stream_.stride, stay_stride = units * stay_.stride;
    const uint32_t* stay = static_cast<const uint32_t*>(workspace_.shared);
    for (int64_t g = mine.begin; g < mine.end; g += group_ * stream_lanes) {
      const Range group{g, std::min(mine.end, g + group_ * stream_lanes)};
      if (!direct(stream_)) {
        pack(stream_, group.begin, group.size(), stream_lanes, stream_stride, chunk * chunk_units_, units, panels, scratch);
      }
      for (int64_t s = block.begin, i = 0; s < block.end; s += stay_lanes, ++i) {
        const Range staying{s, std::min(block.end, s + stay_lanes)};
        for (int64_t t = group.begin, j = 0; t < group.end; t += stream_lanes, ++j) {
          const Range streaming{t, std::min(group.end, t + stream_lanes)};
          const uint32_t* stay_panel = stay + i * stay_stride;
          const uint32_t* stream_panel = panels + j * stream_stride;
          if (stream_.left) {
            tile(units, streaming, staying, stream_panel, stay_panel, chunk, partial, mine.begin, block);
          } else {
            tile(units, staying, streaming, stay_panel, stream_panel, chunk, partial, block.begin, mine);
          }
        }
      }
    }
  }

  // `partial` holds rows from first_row on, columns `columns`.
  void tile(int64_t units, Range rows, Range cols, const uint32_t* a, const uint32_t* b, int64_t chunk, float* partial, int64_t first_row,
            Range columns) const {
    const bool begins = chunk == 0, ends = chunk == chunks_ - 1;
    GemmTile to{};
    to.alpha = epilogue_.alpha;
    float* sums = partial + (rows.begin - first_row) * columns.size() + (cols.begin - columns.begin);
    if (waits_ && !ends) {
      to.out = sums;
      to.ld_out = columns.size();
      to.alpha = 1.0f;
      if (!begins) {
        to.partial = sums;
        to.ld_partial = columns.size();
      }
    } else {
      to.out = at(out_, rows.begin, cols.begin);
      to.ld_out = out_.ld;
      to.out_bf16 = out_.dtype == DType::bf16;
      if (waits_) {
        to.partial = sums;
        to.ld_partial = columns.size();
      }
      // An f32 result gathers the later chunks in place.
      const View* add = begins || waits_ ? epilogue_.add : &out_;
      const View* bias = begins || waits_ ? epilogue_.bias : nullptr;
      if (add) {
        to.add = at(*add, rows.begin, cols.begin);
        to.ld_add = add->ld;
        to.add_bf16 = add->dtype == DType::bf16;
      }
      if (bias) {
        to.bias = at(*bias, 0, cols.begin);
        to.bias_bf16 = bias->dtype == DType::bf16;
      }
    }
    GemmStrip strips[kMostStrips];
    strips[0].units = 0;
    const int64_t count = strips_of(rows.begin, cols.begin, chunk * chunk_units_, units, a, b, strips);
    const auto& kernel = direct_a_ ? kernels_.direct_tile[product_] : kernels_.tile[product_];
    kernel(rows.size(), cols.size(), strips, count, to);
  }

  // Units [first, first + count) of the tile at (row, col): from the panels a and b, or where the operands are stored.
  int64_t strips_of(int64_t row, int64_t col, int64_t first, int64_t count, const uint32_t* a, const uint32_t* b, GemmStrip* strips) const {
    if (!direct_a_ && !direct_b_) {
      strips[0] = {a, 0, count, b, kernels_.cols};
      return 1;
    }
    int64_t start = 0, found = 0;
    for (const Term& term : terms_) {
      const int64_t end = start + units_of(term);
      const int64_t from = std::max(first, start), until = std::min(first + count, end);
      if (from < until) {
        GemmStrip& strip = strips[found++];
        strip = {a + (from - first) * kernels_.row_stride, 0, until - from, b + (from - first) * kernels_.cols, kernels_.cols};
        if (direct_a_) {
          const View& v = term.a.dense;
          strip.a = at(v, row, (from - start) * per_unit_);
          strip.row_step = v.ld * 4 >> (per_unit_ - 1);
        }
        if (direct_b_) {
          strip.b = at(term.b.dense, from - start, col);
          strip.b_step = term.b.dense.ld;
        }
      }
      start = end;
    }
    return found;
  }

  bool direct(const Lanes& lanes) const { return lanes.left ? direct_a_ : direct_b_; }

  // Whether the tiles can read A as it is stored: its units are the product's, side by side in every row.
  bool reads_a() const {
    if (static_cast<int64_t>(terms_.size()) > kMostStrips) return false;
    for (const Term& term : terms_) {
      if (term.a.is_nf4 || term.a.transposed) return false;
      const View& v = term.a.dense;
      if (product_ == 0 ? v.dtype != DType::f32 : per_unit_ != 2 || v.dtype != DType::bf16 || v.cols % 2 != 0) return false;
    }
    return true;
  }

  // Whether they had better read B so: f32 rows whose every panel is whole, and so few rows of A that packing would not pay.
  bool reads_b() const {
    if (static_cast<int64_t>(terms_.size()) > kMostStrips || product_ == 1) return false;
    if (out_.rows > 2 * kernels_.rows || out_.cols % kernels_.cols != 0) return false;
    for (const Term& term : terms_) {
      if (term.b.is_nf4 || term.b.transposed || term.b.dense.dtype != DType::f32) return false;
    }
    return true;
  }

  ThreadPool& pool_;
  const GemmKernels& kernels_;
  OperandReader reader_;
  GemmWorkspace workspace_;
  std::span<const Term> terms_;
  View out_;
  Epilogue epilogue_;
  int product_;
  int64_t per_unit_;
  int64_t units_ = 0;
  int members_ = 1;
  bool direct_a_ = false, direct_b_ = false;  // not packed
  Lanes stream_{}, stay_{};
  int64_t chunks_ = 1, chunk_units_ = 0;
  int64_t stay_block_ = 0, stream_block_ = 0;  // lanes at a time
  int64_t group_ = 1;                          // streamed panels at a time
  bool waits_ = false;                         // sums of several chunks wait in f32, because out cannot hold them
};

}  // namespace

void gemm(ThreadPool& pool, Isa isa, const GemmWorkspace& workspace, std::span<const Term> terms, const View& out, Product product,
          const Epilogue& epilogue) {
  if (out.rows == 0 || out.cols == 0) return;
  if (std::min(out.rows, out.cols) <= kMostVectors) {
    multiply_vectors(pool, isa, workspace, terms, out, product, epilogue);
  } else {
    PackedProduct(pool, isa, workspace, terms, out, product, epilogue).run();
  }
}

}  // namespace rankwise
