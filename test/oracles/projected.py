"""What LoQT and GaLore share: a tiny model, learnable tokens, the layers that are projected, subspaces with fixed signs."""
import torch
from torch import nn

from tiny_models import build

GEOMETRY = dict(vocab_size=61, hidden_size=32, intermediate_size=72, num_attention_heads=4, num_key_value_heads=2, num_hidden_layers=2)
MODEL_SEED = 700


def make_model():
    return build('llama', MODEL_SEED, **GEOMETRY)


def markov_tokens(rows, length, seed, vocabulary=61):
    """Three tokens in four follow from the one before, so that there is something to learn in twenty steps."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randint(0, vocabulary, (rows, length), generator=generator)
    follows = torch.rand(rows, length, generator=generator) < 0.75
    ids = noise.clone()
    for t in range(1, length):
        ids[:, t] = torch.where(follows[:, t], (5 * ids[:, t - 1] + 3) % vocabulary, noise[:, t])
    return ids


def block_linears(model):
    return [(name, module) for name, module in model.named_modules() if isinstance(module, nn.Linear) and '.layers.' in name]


def on_input_side(weight):
    """The fixed factor lives on the smaller side; ties go to the input side."""
    return weight.shape[1] <= weight.shape[0]


def top_subspace(gradient, rank):
    """Rows [r × min(m, n)]: leading right singular vectors where n ≤ m, else left ones; the largest entry of each positive."""
    u, _, vh = torch.linalg.svd(gradient.float(), full_matrices=False)
    basis = (vh[:rank] if on_input_side(gradient) else u[:, :rank].T).contiguous()
    largest = basis.gather(1, basis.abs().argmax(1, keepdim=True))
    return basis * torch.sign(largest)
