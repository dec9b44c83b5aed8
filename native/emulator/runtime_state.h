#pragma once
#include <cuda_runtime_api.h>

namespace rankwise::emulator {

// Why the emulated card does not answer, as the settings RANKWISE_EMULATED_DEVICES and RANKWISE_EMULATED_DRIVER want it; also set
// as the runtime's last error.
cudaError_t device_error();

}  // namespace rankwise::emulator
