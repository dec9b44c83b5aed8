"""K-quant blocks as ggml itself writes them. Read by native/test/gguf_test.cpp.

The `gguf` package reads these types and does not write them, so the bytes come from ggml's library (libggml-base.so, for instance of the
npm package @node-llama-cpp/linux-x64), given as the first argument. Writes fixtures/gguf/k_blocks.safetensors.
"""
import ctypes
import os
import sys

import numpy as np
from gguf import GGMLQuantizationType
from gguf.quants import dequantize
from safetensors.numpy import save_file

TYPES = {'Q4_K': 144, 'Q5_K': 176, 'Q6_K': 210}
BLOCK, BLOCKS = 256, 32


def values():
    random = np.random.default_rng(701)
    w = random.standard_normal((BLOCKS, BLOCK)).astype(np.float32)
    w *= 10.0 ** random.integers(-6, 4, (BLOCKS, 1)).astype(np.float32)
    w[0] = 0  # no scale
    w[1] = 3.25  # one value alone
    w[2] = -np.abs(w[2])  # one side of zero
    w[3] = np.abs(w[3]) + 5  # a minimum that may not be above zero
    w[4, :128] = 0  # groups without a scale beside groups that have one
    w[5] *= np.repeat(10.0 ** np.arange(-4, 4), 32).astype(np.float32)  # scales that a group's six bits cannot tell from nothing
    w[6] = np.round(w[6] * 4) / 4  # ties
    w[7] = 1e-16  # smaller than what has a scale
    w[8, 7::32] *= 30  # outliers
    return w


def main(library, out):
    ggml = ctypes.CDLL(library)
    w = values()
    tensors = {'values': w}
    for name, size in TYPES.items():
        stored = np.zeros((BLOCKS, size), dtype=np.uint8)
        quantize = getattr(ggml, f'quantize_{name.lower()[:-1]}K')
        quantize.restype = ctypes.c_size_t
        quantize.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
        assert quantize(w.ctypes.data, stored.ctypes.data, BLOCKS, BLOCK, None) == stored.nbytes
        tensors[f'{name}.bytes'] = stored.reshape(-1)
        tensors[f'{name}.back'] = dequantize(stored, GGMLQuantizationType[name]).astype(np.float32)
    save_file(tensors, os.path.join(out, 'gguf', 'k_blocks.safetensors'))


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.path.dirname(__file__), '..', 'fixtures'))
