#include <cstring>

#include "cpu/backend_spans.h"
#include "cpu/view_math.h"
#include "ops/shape_checks.h"

namespace rankwise {

void CpuBackend::gate(GateKernel kernel, const View& gate, const View& up, const View& out) {
  spans(gate, gate.contiguous() && up.contiguous() && out.contiguous(), [&](int64_t row, int64_t column, int64_t n) {
    kernel(n, at(gate, row, column), at(up, row, column), at(out, row, column));
  });
}

void CpuBackend::gate_backward(GateBackwardKernel kernel, const View& dout, const View& gate, const View& up, const View& dgate, const View& dup,
                               const View* act) {
  const bool flat = dout.contiguous() && gate.contiguous() && up.contiguous() && dgate.contiguous() && dup.contiguous() &&
                    (!act || act->contiguous());
  spans(gate, flat, [&](int64_t row, int64_t column, int64_t n) {
    kernel(n, at(dout, row, column), at(gate, row, column), at(up, row, column), at(dgate, row, column), at(dup, row, column),
           act ? at(*act, row, column) : nullptr);
  });
}

void CpuBackend::swiglu(const View& gate, const View& up, const View& out) {
  shape_checks::gate("swiglu", gate, up, out);
  this->gate(kernels_.swiglu[kind(gate)], gate, up, out);
}

void CpuBackend::swiglu_backward(const View& dout, const View& gate, const View& up, const View& dgate, const View& dup, const View* act) {
  shape_checks::gate_backward("swiglu_backward", dout, gate, up, dgate, dup, act);
  gate_backward(kernels_.swiglu_backward[kind(gate)], dout, gate, up, dgate, dup, act);
}

void CpuBackend::geglu(const View& gate, const View& up, const View& out) {
  shape_checks::gate("geglu", gate, up, out);
  this->gate(kernels_.geglu[kind(gate)], gate, up, out);
}

void CpuBackend::geglu_backward(const View& dout, const View& gate, const View& up, const View& dgate, const View& dup, const View* act) {
  shape_checks::gate_backward("geglu_backward", dout, gate, up, dgate, dup, act);
  gate_backward(kernels_.geglu_backward[kind(gate)], dout, gate, up, dgate, dup, act);
}

void CpuBackend::upload(const void* from, const View& to) {
  shape_checks::contiguous_bytes("upload", to);
  if (to.size() > 0) std::memcpy(to.data, from, static_cast<size_t>(to.size()) * bytes_of(to.dtype));
}

void CpuBackend::download(const View& from, void* to) {
  shape_checks::contiguous_bytes("download", from);
  if (from.size() > 0) std::memcpy(to, from.data, static_cast<size_t>(from.size()) * bytes_of(from.dtype));
}

void CpuBackend::zero(const View& x) {
  const int64_t bytes = static_cast<int64_t>(bytes_of(x.dtype));
  spans(x, x.contiguous(), [&](int64_t row, int64_t column, int64_t n) {
    std::memset(at(x, row, column), 0, static_cast<size_t>(n * bytes));
  });
}

void CpuBackend::copy(const View& from, const View& to) {
  shape_checks::copy(from, to);
  const int64_t bytes = static_cast<int64_t>(bytes_of(from.dtype));
  const bool same = from.dtype == to.dtype;
  const auto kernel = kernels_.convert[kind(from)][kind(to)];
  spans(from, from.contiguous() && to.contiguous(), [&](int64_t row, int64_t column, int64_t n) {
    if (same) {
      std::memmove(at(to, row, column), at(from, row, column), static_cast<size_t>(n * bytes));
    } else {
      kernel(n, at(from, row, column), at(to, row, column));
    }
  });
}

void CpuBackend::axpby(float alpha, const View& x, float beta, const View& y) {
  shape_checks::axpby(x, y);
  const auto kernel = kernels_.axpby[kind(x)][kind(y)];
  spans(x, x.contiguous() && y.contiguous(), [&](int64_t row, int64_t column, int64_t n) {
    kernel(n, alpha, at(x, row, column), beta, at(y, row, column));
  });
}

void CpuBackend::softcap(const View& x, float cap) {
  shape_checks::softcap(x, cap);
  const auto kernel = kernels_.softcap[kind(x)];
  spans(x, x.contiguous(), [&](int64_t row, int64_t column, int64_t n) { kernel(n, at(x, row, column), cap); });
}

void CpuBackend::softcap_backward(const View& y, float cap, const View& dy) {
  shape_checks::softcap_backward(y, cap, dy);
  const auto kernel = kernels_.softcap_backward[kind(y)];
  spans(y, y.contiguous() && dy.contiguous(), [&](int64_t row, int64_t column, int64_t n) {
    kernel(n, at(y, row, column), cap, at(dy, row, column));
  });
}

void CpuBackend::multiply(const View& a, const View& b, const View& out) {
  shape_checks::multiply(a, b, out);
  split(a.size(), kSpanGrain, [&](int64_t from, int64_t to, int) {
    kernels_.multiply(to - from, a.as<float>() + from, b.as<float>() + from, out.as<float>() + from);
  });
}

// Cut by columns, so that neither partial sums nor the scratch are needed.
void CpuBackend::column_sum(const View& x, const View& out, const View& scratch) {
  shape_checks::column_sum(x, out, scratch, threads());
  const auto kernel = kernels_.column_sum[kind(x)];
  split(x.cols, std::max<int64_t>(32, kSpanGrain / std::max<int64_t>(1, x.rows)), [&](int64_t from, int64_t to, int) {
    kernel(x.rows, to - from, at(x, 0, from), x.ld, out.as<float>() + from);
  });
}

void CpuBackend::fill_normal(const View& x, float deviation, const RandomStream& stream) {
  shape_checks::floats("fill_normal", x);
  const auto kernel = kernels_.convert[0][kind(x)];
  spans(x, x.contiguous(), [&](int64_t row, int64_t column, int64_t n) {
    constexpr int64_t kRun = 64;
    float run[kRun];
    uint64_t index = static_cast<uint64_t>(row * x.cols + column);
    for (int64_t from = 0; from < n;) {
      int64_t filled = 0;
      while (filled + 4 <= kRun && from + filled < n) {
        const std::array<float, 4> block = normal_block(stream, index / 4);
        for (uint64_t i = index % 4; i < 4 && from + filled < n; ++i, ++index) run[filled++] = deviation * block[i];
      }
      kernel(filled, run, at(x, row, column + from));
      from += filled;
    }
  });
}

// Rows that do not start at a multiple of four elements take their first few one by one.
void CpuBackend::fill_uniform(const View& x, float low, float high, const RandomStream& stream) {
  shape_checks::floats("fill_uniform", x);
  const auto kernel = kernels_.fill_uniform[kind(x)];
  const auto convert = kernels_.convert[0][kind(x)];
  const uint64_t key = stream_key(stream);
  spans(x, x.contiguous(), [&](int64_t row, int64_t column, int64_t n) {
    int64_t index = row * x.cols + column;
    for (; index % 4 != 0 && n > 0; ++index, ++column, --n) {
      const float value = low + (high - low) * uniform(stream, static_cast<uint64_t>(index));
      convert(1, &value, at(x, row, column));
    }
    if (n > 0) kernel(n, static_cast<uint64_t>(index), key, stream.step, low, high, at(x, row, column));
  });
}

double CpuBackend::sum_squares(const View& x) {
  shape_checks::floats("sum_squares", x);
  const auto kernel = kernels_.sum_squares[kind(x)];
  return fixed_order_sum(x, x.contiguous(), [&](int64_t row, int64_t column, int64_t n) { return kernel(n, at(x, row, column)); });
}

double CpuBackend::sum_squares(std::span<const View> tensors) {
  double total = 0;
  for (const View& x : tensors) total += sum_squares(x);
  return total;
}

double CpuBackend::sum(const View& x) {
  shape_checks::floats("sum", x);
  const auto kernel = kernels_.sum[kind(x)];
  return fixed_order_sum(x, x.contiguous(), [&](int64_t row, int64_t column, int64_t n) { return kernel(n, at(x, row, column)); });
}

double CpuBackend::squared_distance(const View& a, const View& b) {
  shape_checks::squared_distance(a, b);
  const auto kernel = kernels_.squared_distance[kind(a)][kind(b)];
  return fixed_order_sum(a, a.contiguous() && b.contiguous(), [&](int64_t row, int64_t column, int64_t n) {
    return kernel(n, at(a, row, column), at(b, row, column));
  });
}

}  // namespace rankwise
