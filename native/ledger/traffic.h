#pragma once
#include <cstdint>

#include "core/view.h"

namespace rankwise::ledger {

// What an operation asks of a card. Bytes are counted once a launch, however often a kernel comes back to them: the traffic between
// memory and a cache that holds what a launch shares.
struct Traffic {
  double launches = 0;       // kernels, copies and fills
  double read = 0;           // bytes
  double written = 0;
  double cached = 0;         // bytes that stay in the second-level cache: tiles of the workspace, what the tiles of one product read again
  double operations = 0;     // floating-point
  // Bytes that no implementation of the operation can do without: each operand once in the type it is stored in, each result once.
  // Zero for what is only there to prepare or to join other operations.
  double floor = 0;

  Traffic& operator+=(const Traffic& other) {
    launches += other.launches;
    read += other.read;
    written += other.written;
    cached += other.cached;
    operations += other.operations;
    floor += other.floor;
    return *this;
  }
  double bytes() const { return read + written; }
};

inline double bytes_in(const View& v) { return static_cast<double>(v.size()) * static_cast<double>(bytes_of(v.dtype)); }
inline double bytes_in(const View* v) { return v ? bytes_in(*v) : 0; }
// Codes and scales.
double bytes_in(const Nf4View& v);
double scale_bytes(const Nf4View& v);

// One launch.
inline Traffic launch(double read, double written, double operations = 0) { return {1, read, written, 0, operations, 0}; }
// An operation whose traffic is its floor.
inline Traffic no_more_than_needed(Traffic t) {
  t.floor = t.bytes();
  return t;
}

}  // namespace rankwise::ledger
