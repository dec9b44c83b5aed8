#pragma once
#include "ledger/recording_backend.h"

namespace rankwise::ledger {

// NVIDIA's data sheets: memory bandwidth, dense tensor-core rate of bf16 products with f32 accumulation, f32 rate of the ordinary cores.
struct Card {
  const char* name;
  double bytes_per_second;
  double bf16_per_second;
  double f32_per_second;

  // The least time that an operation takes: its bytes or its arithmetic, whichever is slower.
  double seconds(const Entry& entry) const {
    const double memory = entry.traffic.bytes() / bytes_per_second;
    const double arithmetic = entry.traffic.operations / (entry.tensor_cores ? bf16_per_second : f32_per_second);
    return memory > arithmetic ? memory : arithmetic;
  }
};

constexpr Card kCards[] = {
    {"RTX 4090", 1.008e12, 165.2e12, 82.6e12},
    {"H100 SXM", 3.35e12, 989.4e12, 66.9e12},
    {"RTX 5090", 1.792e12, 209.5e12, 104.8e12},
};

}  // namespace rankwise::ledger
