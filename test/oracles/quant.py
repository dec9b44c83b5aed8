"""NF4, double quantization, the dynamic maps and five steps of 8-bit AdamW. Read by native/test/quant_fixture_test.cpp.

Writes fixtures/quant/{maps, nf4-even, nf4-odd, nf4-double, adamw8}.safetensors.
"""
import os
import sys

import torch

import nf4
from tiny_models import FIXTURES, fresh_folder, save_tensors

NF4_CASES = {'nf4-even': (48, 80), 'nf4-odd': (7, 33), 'nf4-double': (160, 112)}
ADAM_BLOCK = 256
LEARNING_RATE, BETA1, BETA2, EPSILON, STEPS, ELEMENTS = 1e-2, 0.9, 0.999, 1e-8, 5, 4500


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
    """bitsandbytes' rules: the update uses the new moments before they are quantized; a first moment whose code lost its sign moves by one."""
    signed, unsigned = nf4.dynamic_map(True), nf4.dynamic_map(False)
    blocks = nf4.in_blocks(p, ADAM_BLOCK).shape[0]
    m_codes, v_codes = torch.full((blocks, ADAM_BLOCK), 127), torch.zeros(blocks, ADAM_BLOCK, dtype=torch.int64)
    m_absmax, v_absmax = torch.zeros(blocks), torch.zeros(blocks)
    path = []
    for t, gradient in enumerate(gradients, start=1):
        g = nf4.in_blocks(gradient, ADAM_BLOCK)
        m = BETA1 * signed[m_codes] * m_absmax[:, None] + (1 - BETA1) * g
        v = BETA2 * unsigned[v_codes] * v_absmax[:, None] + (1 - BETA2) * g * g
        root1, root2 = 1 - BETA1 ** t, (1 - BETA2 ** t) ** 0.5
        step = LEARNING_RATE * root2 / root1 * m / (v.sqrt() + EPSILON * root2)
        p = p - step.reshape(-1)[:p.numel()]
        m_absmax, v_absmax = m.abs().amax(1), v.amax(1)
        m_codes = nf4.nearest(signed, m / m_absmax[:, None])
        lost = torch.signbit(signed[m_codes]) != torch.signbit(m)
        m_codes = m_codes + torch.where(lost, torch.where(m > 0, 1, -1), 0)
        v_codes = nf4.nearest(unsigned, v / v_absmax[:, None])
        path.append(p)
    return {'parameters': torch.stack(path), 'm_codes': m_codes.reshape(-1)[:p.numel()].to(torch.uint8),
            'v_codes': v_codes.reshape(-1)[:p.numel()].to(torch.uint8), 'm_absmax': m_absmax, 'v_absmax': v_absmax}


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
