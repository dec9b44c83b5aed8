#pragma once
#include <cstdint>

namespace rankwise {

// Bytes of this process that lie in memory now, and at most since the last reset (or the start). 0 where the system does not tell.
uint64_t resident_bytes();
uint64_t peak_resident_bytes();
void reset_peak_resident_bytes();

// Physical memory of the machine, and what of it a new program could have.
uint64_t machine_memory_bytes();
uint64_t available_memory_bytes();

}  // namespace rankwise
