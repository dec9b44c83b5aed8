"""Whole GGUF files against llama.cpp's own quantizer: the same type and the same bytes for every tensor.

    python3 test/oracles/gguf_files.py LIBRARIES MODEL

LIBRARIES: the folder with libllama and libggml (bins/linux-x64 of the npm package @node-llama-cpp/linux-x64), also in LD_LIBRARY_PATH. MODEL: a
model folder whose rows divide into 256, for instance of a finished run. Needs the program itself, built. Q4_0 alone may differ in single codes: a
product that lies on an edge is rounded as the compiler fused it.
"""
import ctypes
import os
import subprocess
import sys
import tempfile

from gguf import GGUFReader

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
FILE_TYPES = {'q8_0': 7, 'q6_k': 18, 'q5_k_m': 17, 'q4_k_m': 15, 'q4_0': 2}


class Parameters(ctypes.Structure):
    """llama_model_quantize_params, with room to spare: threads and file type stand first in every version."""
    _fields_ = [('numbers', ctypes.c_int32 * 64)]


def load(folder):
    found = {}
    for name in ('libggml-base', 'libggml', 'libllama'):
        file = sorted(each for each in os.listdir(folder) if each == f'{name}.so' or each.startswith(f'{name}.v'))[-1]
        found[name] = ctypes.CDLL(os.path.join(folder, file), mode=ctypes.RTLD_GLOBAL)
    found['libggml'].ggml_backend_load_all_from_path(folder.encode())
    llama = found['libllama']
    llama.llama_model_quantize_default_params.restype = Parameters
    llama.llama_backend_init()
    return llama


def export(model, kind, file):
    with tempfile.TemporaryDirectory() as home:
        subprocess.run(['npm', 'run', '--silent', 'rankwise', '--', 'export', '--model', model, '--to', 'gguf', '--type', kind, '--output', file],
                       cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env={**os.environ, 'RANKWISE_HOME': home})


def main(libraries, model):
    llama = load(libraries)
    with tempfile.TemporaryDirectory() as work:
        whole = os.path.join(work, 'f32.gguf')
        export(model, 'f32', whole)
        for kind, number in FILE_TYPES.items():
            ours, theirs = os.path.join(work, f'{kind}.gguf'), os.path.join(work, f'{kind}-llama.gguf')
            export(model, kind, ours)
            parameters = llama.llama_model_quantize_default_params()
            parameters.numbers[0], parameters.numbers[1] = 1, number
            assert llama.llama_model_quantize(whole.encode(), theirs.encode(), ctypes.byref(parameters)) == 0
            mine, other = ({t.name: (t.tensor_type.name, t.data.tobytes()) for t in GGUFReader(file).tensors} for file in (ours, theirs))
            assert mine.keys() == other.keys()
            types = [name for name in mine if mine[name][0] != other[name][0]]
            data = {name: sum(a != b for a, b in zip(mine[name][1], other[name][1])) for name in mine if mine[name][1] != other[name][1]}
            print(f'{kind}: {len(mine)} tensors, other types: {types or "none"}, bytes that differ: {data or "none"}')
            assert not types and (kind == 'q4_0' or not data)


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2])
