"""NF4 and the dynamic 8-bit maps from their formulas, in float32 (QLoRA 2023; 8-bit Optimizers 2022)."""
from functools import lru_cache

import torch
from scipy.stats import norm

BLOCK = 64
SCALE_BLOCK = 256
OFFSET = 0.9677083  # 1 − ½(1/32 + 1/30)


@lru_cache
def nf4_levels():
    """Quantiles of the normal distribution: 8 above zero, 7 below, an exact 0, divided by the largest."""
    above = norm.ppf(torch.linspace(OFFSET, 0.5, 9)[:-1].numpy())
    below = -norm.ppf(torch.linspace(OFFSET, 0.5, 8)[:-1].numpy())
    levels = torch.tensor(sorted([*above, *below, 0.0]), dtype=torch.float32)
    return levels / levels.max()


@lru_cache
def dynamic_map(signed):
    """For each decade 10^(e−6) the midpoints of a uniform grid on [0.1, 1]; and 0 and 1."""
    values = [torch.tensor([0.0, 1.0])]
    for e in range(7):
        grid = torch.linspace(0.1, 1, 2 ** (e if signed else e + 1) + 1)
        decade = 10.0 ** (e - 6) * ((grid[:-1] + grid[1:]) / 2)
        values += [decade, -decade] if signed else [decade]
    return torch.cat(values).sort().values


def nearest(values, x):
    """The index of the nearest of the sorted values; a tie goes to the lower."""
    middle = ((values[1:].double() + values[:-1].double()) / 2).float()
    return torch.bucketize(x, middle)


def in_blocks(flat, block):
    """[blocks × block], the last one filled with zeros."""
    return torch.nn.functional.pad(flat, (0, -flat.numel() % block)).reshape(-1, block)


def quantize(w):
    """(codes u8 [n] in the flat order, absmax f32 [blocks])."""
    x = in_blocks(w.reshape(-1).float(), BLOCK)
    absmax = x.abs().amax(1)
    scale = torch.where(absmax > 0, absmax, 1.0)
    return nearest(nf4_levels(), x / scale[:, None]).reshape(-1)[:w.numel()], absmax


def dequantize(codes, absmax, shape):
    x = in_blocks(nf4_levels()[codes], BLOCK) * absmax[:, None]
    return x.reshape(-1)[:codes.numel()].reshape(shape)


def pack(codes):
    """Two codes a byte, the first in the high nibble; an odd last one leaves the low nibble 0."""
    pairs = in_blocks(codes, 2)
    return (pairs[:, 0] * 16 + pairs[:, 1]).to(torch.uint8)


def quantize_scales(absmax):
    """Double quantization: (codes u8 [blocks], scale f32 [blocks / 256], offset f32 [1], the absmax that comes back)."""
    offset = absmax.mean()
    x = in_blocks(absmax - offset, SCALE_BLOCK)
    scale = x.abs().amax(1)
    signed = dynamic_map(True)
    codes = nearest(signed, x / torch.where(scale > 0, scale, 1.0)[:, None])
    back = (signed[codes] * scale[:, None] + offset).reshape(-1)[:absmax.numel()]
    return codes.reshape(-1)[:absmax.numel()].to(torch.uint8), scale, offset.reshape(1), back


def through_nf4(w, double=False):
    """What is left of a matrix when it comes back from NF4."""
    codes, absmax = quantize(w)
    return dequantize(codes, quantize_scales(absmax)[3] if double else absmax, w.shape)
