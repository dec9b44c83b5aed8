#include "cpu/backend.h"

#include <algorithm>
#include <string>

#include "core/error.h"
#include "cpu/attention.h"
#include "cpu/gemm.h"
#include "cpu/vector_dispatch.h"
#include "cpu/view_math.h"
#include "ops/shape_checks.h"

namespace rankwise {
namespace {

// Rows that make about 8192 elements: less is not worth waking a thread.
int64_t row_grain(int64_t cols) { return std::max<int64_t>(1, 8192 / std::max<int64_t>(1, cols)); }

// Columns per part of a sum over rows: at least a cache line, more where there are few rows.
int64_t column_grain(int64_t rows) { return std::max<int64_t>(32, 16384 / std::max<int64_t>(1, rows)); }

void demand_range(const View& indices, int64_t limit, int64_t also, const char* what) {
  const int32_t* index = indices.as<int32_t>();
  for (int64_t i = 0; i < indices.cols; ++i) {
    if ((index[i] < 0 || index[i] >= limit) && index[i] != also) {
      fail("E_INDEX", std::string(what) + " " + std::to_string(index[i]) + " at place " + std::to_string(i) + " is not below " +
                          std::to_string(limit) + ".",
           "The data were made for another vocabulary or a longer context than the model has.");
    }
  }
}

constexpr int32_t kIgnored = -100;
constexpr int64_t kNoOther = INT64_MIN;  // no index has this value

}  // namespace

CpuBackend::CpuBackend(Arena& arena, int threads, std::optional<Isa> isa)
    : pool_(resolve_threads(threads)),
      isa_(isa ? *isa : detect_isa()),
      kernels_(vector_kernels(isa_)),
      workspace_(arena, pool_.size()) {}

void CpuBackend::matmul(std::span<const Term> terms, const View& out, Product product, const Epilogue& epilogue) {
  shape_checks::matmul(terms, out, epilogue);
  gemm(pool_, isa_, GemmWorkspace{workspace_.product_shared(), workspace_.product_threads()}, terms, out, product, epilogue);
}

void CpuBackend::rmsnorm(const View& x, const View& gamma, float epsilon, const View& y, const View& rstd) {
  shape_checks::rmsnorm(x, gamma, y, rstd);
  const auto kernel = kernels_.rmsnorm[kind(x)][kind(gamma)];
  split(x.rows, row_grain(x.cols), [&](int64_t from, int64_t to, int) {
    kernel(to - from, x.cols, at(x, from), x.ld, gamma.data, epsilon, at(y, from), y.ld, rstd.as<float>() + from);
  });
}

// The gradient of gamma goes first, over columns, because dx may replace dy.
void CpuBackend::rmsnorm_backward(const View& dy, const View& x, const View& gamma, const View& rstd, const View* add, const View& dx,
                                  const View* dgamma, const View& scratch) {
  shape_checks::rmsnorm_backward(dy, x, gamma, rstd, add, dx, dgamma, scratch, threads());
  if (dgamma) {
    const auto kernel = kernels_.rmsnorm_gamma[kind(x)];
    split(x.cols, column_grain(x.rows), [&](int64_t from, int64_t to, int) {
      kernel(x.rows, to - from, at(dy, 0, from), dy.ld, at(x, 0, from), x.ld, rstd.as<float>(), dgamma->as<float>() + from);
    });
  }
  const auto kernel = kernels_.rmsnorm_backward[kind(x)][kind(gamma)];
  split(x.rows, row_grain(x.cols), [&](int64_t from, int64_t to, int) {
    kernel(to - from, x.cols, at(dy, from), dy.ld, at(x, from), x.ld, gamma.data, rstd.as<float>() + from, add ? at(*add, from) : nullptr,
           add ? add->ld : 0, at(dx, from), dx.ld);
  });
}

void CpuBackend::rope(const View& x, int64_t head_dim, const View& positions, const View& cos, const View& sin, bool inverse) {
  shape_checks::rope(x, head_dim, positions, cos, sin);
  demand_range(positions, cos.rows, kNoOther, "Position");
  const auto kernel = kernels_.rope[kind(x)];
  split(x.rows, row_grain(x.cols), [&](int64_t from, int64_t to, int) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t position = positions.as<int32_t>()[i];
      kernel(x.cols / head_dim, head_dim, cos.cols, at(x, i), cos.as<float>() + position * cos.ld, sin.as<float>() + position * sin.ld,
             inverse ? -1.0f : 1.0f);
    }
  });
}

uint64_t CpuBackend::attention_scratch_bytes(const AttentionShape& shape) const { return cpu_attention_scratch_bytes(shape, threads()); }

void CpuBackend::attention(const AttentionShape& shape, const View& q, const View& k, const View& v, const View& segment_start,
                           const View& out, const View* lse, const View& scratch) {
  shape_checks::attention(shape, q, k, v, segment_start, out, lse, scratch, attention_scratch_bytes(shape));
  attention_forward(pool_, isa_, shape, q, k, v, segment_start, out, lse, scratch);
}

void CpuBackend::attention_backward(const AttentionShape& shape, const View& dout, const View& q, const View& k, const View& v,
                                    const View& out, const View& segment_start, const View& lse, const View& dq, const View& dk,
                                    const View& dv, const View& scratch) {
  shape_checks::attention_backward(shape, dout, q, k, v, out, segment_start, lse, dq, dk, dv, scratch, attention_scratch_bytes(shape));
  rankwise::attention_backward(pool_, isa_, shape, dout, q, k, v, out, segment_start, lse, dq, dk, dv, scratch);
}

void CpuBackend::embedding(const View& ids, const View& table, const View& out) {
  shape_checks::embedding(ids, table, out);
  demand_range(ids, table.rows, kNoOther, "Token");
  const auto kernel = kernels_.convert[kind(table)][kind(out)];
  split(out.rows, row_grain(out.cols), [&](int64_t from, int64_t to, int) {
    for (int64_t i = from; i < to; ++i) kernel(out.cols, at(table, ids.as<int32_t>()[i]), at(out, i));
  });
}

// Cut by columns: every thread goes through all tokens in order, so that no two add to the same place and frequent tokens cost all
// threads alike.
void CpuBackend::embedding_backward(const View& ids, const View& dout, const View& dtable) {
  shape_checks::embedding_backward(ids, dout, dtable);
  demand_range(ids, dtable.rows, kNoOther, "Token");
  const auto kernel = kernels_.axpby[kind(dout)][0];
  split(dout.cols, column_grain(dout.rows), [&](int64_t from, int64_t to, int) {
    for (int64_t i = 0; i < dout.rows; ++i) kernel(to - from, 1.0f, at(dout, i, from), 1.0f, at(dtable, ids.as<int32_t>()[i], from));
  });
}

void CpuBackend::cross_entropy(const View& logits, const View& targets, const View& losses, bool gradient, float scale) {
  shape_checks::cross_entropy(logits, targets, losses);
  demand_range(targets, logits.cols, kIgnored, "Target");
  const auto kernel = kernels_.cross_entropy[kind(logits)];
  split(logits.rows, row_grain(logits.cols), [&](int64_t from, int64_t to, int) {
    for (int64_t i = from; i < to; ++i) {
      const int32_t target = targets.as<int32_t>()[i];
      float& loss = losses.as<float>()[i];
      if (target != kIgnored) {
        loss = kernel(logits.cols, at(logits, i), target, gradient, scale);
      } else {
        loss = 0.0f;
        if (gradient) std::fill_n(at(logits, i), logits.cols * static_cast<int64_t>(bytes_of(logits.dtype)), char{0});
      }
    }
  });
}

}  // namespace rankwise
