"""Blocks and a file as the `gguf` package writes them. Read by native/test/gguf_test.cpp.

Writes fixtures/gguf/blocks.safetensors (values, bytes and what comes back, for each type) and fixtures/gguf/golden.gguf.
"""
import os
import sys

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import dequantize, quantize
from safetensors.numpy import save_file

TYPES = ('F16', 'BF16', 'Q8_0', 'Q4_0')
ROWS, COLUMNS = 24, 96


def values():
    random = np.random.default_rng(700)
    w = random.standard_normal((ROWS, COLUMNS)).astype(np.float32)
    w *= 10.0 ** random.integers(-6, 4, (ROWS, 1)).astype(np.float32)
    w[0] = 0  # blocks without a scale
    w[1, :32] = np.linspace(-8, 8, 32)  # both ends of the codes
    w[2, :8] = [65504, -65504, 2.0**-24, 2.0**-25, 3 * 2.0**-25, 2049, 2051, -0.0]  # edges and ties of a half
    return w


def main(out):
    folder = os.path.join(out, 'gguf')
    os.makedirs(folder, exist_ok=True)
    w = values()
    tensors = {'values': w}
    for name in TYPES:
        kind = GGMLQuantizationType[name]
        stored = quantize(w, kind)
        tensors[f'{name}.bytes'] = np.ascontiguousarray(stored).view(np.uint8).reshape(-1)
        tensors[f'{name}.back'] = dequantize(stored, kind).astype(np.float32)
    save_file(tensors, os.path.join(folder, 'blocks.safetensors'))
    writer = GGUFWriter(os.path.join(folder, 'golden.gguf'), 'llama')
    writer.add_uint32('llama.block_count', 8)
    writer.add_float32('llama.rope.freq_base', 500000.0)
    writer.add_bool('tokenizer.ggml.add_bos_token', True)
    writer.add_array('tokenizer.ggml.tokens', ['a', 'Ġthe', 'é'])
    writer.add_array('tokenizer.ggml.token_type', [1, 3, 6])
    writer.add_tensor('t.weight', np.arange(6, dtype=np.float32).reshape(2, 3))
    eight = quantize(w[3:5], GGMLQuantizationType.Q8_0)
    writer.add_tensor('q.weight', eight, raw_dtype=GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == '__main__':
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), '..', 'fixtures'))
