#pragma once
#include <algorithm>
#include <functional>

#include "cpu/backend.h"

namespace rankwise {

constexpr int64_t kSpanGrain = 8192;  // elements: less is not worth waking a thread
constexpr int64_t kSumPiece = 16384;

template <class Body>
void CpuBackend::spans(const View& shape, bool flat, const Body& body) {
  if (flat) {
    split(shape.size(), kSpanGrain, [&](int64_t from, int64_t to, int) { body(int64_t{0}, from, to - from); });
  } else {
    split(shape.rows, std::max<int64_t>(1, kSpanGrain / std::max<int64_t>(1, shape.cols)), [&](int64_t from, int64_t to, int) {
      for (int64_t row = from; row < to; ++row) body(row, int64_t{0}, shape.cols);
    });
  }
}

template <class Piece>
double CpuBackend::fixed_order_sum(const View& shape, bool flat, const Piece& piece) {
  const int64_t size = shape.size(), pieces = (size + kSumPiece - 1) / kSumPiece;
  double total = 0;
  for (int64_t first = 0; first < pieces; first += CpuWorkspace::kPieces) {
    const int64_t count = std::min(CpuWorkspace::kPieces, pieces - first);
    double* sums = workspace_.partial_sums();
    split(count, 1, [&](int64_t from, int64_t to, int) {
      for (int64_t i = from; i < to; ++i) {
        int64_t begin = (first + i) * kSumPiece;
        const int64_t end = std::min(size, begin + kSumPiece);
        if (flat) {
          sums[i] = piece(int64_t{0}, begin, end - begin);
          continue;
        }
        sums[i] = 0;
        while (begin < end) {
          const int64_t row = begin / shape.cols, column = begin % shape.cols, n = std::min(shape.cols - column, end - begin);
          sums[i] += piece(row, column, n);
          begin += n;
        }
      }
    });
    for (int64_t i = 0; i < count; ++i) total += sums[i];
  }
  return total;
}

}  // namespace rankwise
