"""NF4, double quantization, the dynamic maps and five steps of 8-bit AdamW. Read by native/test/quant_fixture_test.cpp.

Writes fixtures/quant/{maps, nf4-even, nf4-odd, nf4-double, adamw8}.safetensors.
"""
import os
import sys

import torch

import nf4
from adam8 import Adam8
from tiny_models import FIXTURES, fresh_folder, save_tensors

NF4_CASES = {'nf4-even': (48, 80), 'nf4-odd': (7, 33), 'nf4-double': (160, 112)}
LEARNING_RATE, STEPS, ELEMENTS = 1e-2, 5, 4500


def nf4_case(shape, seed, double):
    w = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    w[0, :5] = torch.tensor([0.0, -0.0, 1e-20, -1e-20, 3.0])
    if w.numel() > 256:
        w.view(-1)[192:256] = 0  # a block without a scale
    codes, absmax = nf4.quantize(w)
    out = {'values': w, 'codes': nf4.pack(codes), 'absmax': absmax, 'dequantized': nf4.dequantize(codes, absmax, shape)}
    if double:
        absmax_codes, scale, offset, back = nf4.quantize_scales(absmax)
        out |= {'absmax_codes': absmax_codes, 'absmax_scale': scale, 'absmax_offset': offset, 'dequantized_double': nf4.dequantize(codes, back, shape)}
    return out


def adamw8(p, gradients):
    optimizer, path = Adam8(p.numel()), []
    for gradient in gradients:
        p = optimizer.step(p, gradient, LEARNING_RATE)
        path.append(p)
    codes = {name: getattr(optimizer, name).reshape(-1)[:p.numel()].to(torch.uint8) for name in ('m_codes', 'v_codes')}
    return {'parameters': torch.stack(path), **codes, 'm_absmax': optimizer.m_absmax, 'v_absmax': optimizer.v_absmax}


def main(out):
    folder = fresh_folder('quant', out=out)
    levels = nf4.nf4_levels()
    save_tensors(os.path.join(folder, 'maps.safetensors'), {'nf4': levels, 'signed': nf4.dynamic_map(True), 'unsigned': nf4.dynamic_map(False)})
    for seed, (name, shape) in enumerate(NF4_CASES.items(), start=600):
        save_tensors(os.path.join(folder, f'{name}.safetensors'), nf4_case(shape, seed, name == 'nf4-double'))
    generator = torch.Generator().manual_seed(610)
    start = 0.05 * torch.randn(ELEMENTS, generator=generator)
    # Gradients over six decades, as those of embeddings and norms are; a new draw each step.
    size = 10 ** (-6 * torch.rand(ELEMENTS, generator=generator))
    gradients = torch.stack([size * torch.randn(ELEMENTS, generator=generator) for _ in range(STEPS)])
    save_tensors(os.path.join(folder, 'adamw8.safetensors'), {'start': start, 'gradients': gradients, **adamw8(start, gradients)})
    print('nf4 levels', levels.tolist())


if __name__ == '__main__':
    main(sys.argv[1] if len(sys.argv) > 1 else FIXTURES)
