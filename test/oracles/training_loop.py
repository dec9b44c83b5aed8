"""The training loop of the oracles: known batches, torch's AdamW, the learning rates that a run file describes."""
import math

import torch
import torch.nn.functional as F

from adam8 import SMALLEST, Adam8

MICRO_BATCH = 4
IGNORED = -100


def learning_rate(run, step):
    """Linear warm-up to 1, then constant, linear or cosine to minimumRatio over the remaining steps."""
    schedule, steps, base = run['schedule'], run['training']['steps'], run['optimizer']['learningRate']
    warmup, least = schedule.get('warmupSteps', 0), schedule.get('minimumRatio', 0.0)
    if step < warmup:
        return base * (step + 1) / warmup
    progress = (step - warmup) / (steps - warmup)
    factors = {'constant': lambda: 1.0, 'linear': lambda: least + (1 - least) * (1 - progress),
               'cosine': lambda: least + (1 - least) * 0.5 * (1 + math.cos(math.pi * progress))}
    return base * factors[schedule['name']]()


def step_batches(run, tensors, step):
    """The micro-batches of a step, in file order: (labels, the arguments of forward)."""
    accumulation = run['training']['gradientAccumulation']
    ids, labels = tensors['input_ids'], tensors.get('labels', tensors['input_ids'])
    for k in range(accumulation):
        begin = (step * accumulation + k) * MICRO_BATCH
        rows = slice(begin, begin + MICRO_BATCH)
        yield labels[rows], (ids[rows], *([tensors['document_start'][rows]] if 'document_start' in tensors else []))


def backward(forward, batches):
    """Gradients of the mean loss over all un-ignored predictions of the step; returns that loss."""
    batches = list(batches)
    count = sum(int((labels[:, 1:] != IGNORED).sum()) for labels, _ in batches)
    total = 0.0
    for labels, inputs in batches:
        logits = forward(*inputs)[:, :-1]
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1), ignore_index=IGNORED, reduction='sum') / count
        loss.backward()
        total += loss.item()
    return total


@torch.no_grad()
def evaluation_loss(forward, tensors):
    """Mean loss over all un-ignored predictions of the tokens."""
    labels = tensors.get('labels', tensors['input_ids'])
    logits = forward(*(tensors[key] for key in ('input_ids', 'document_start') if key in tensors))[:, :-1]
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1), ignore_index=IGNORED).item()


def decay_groups(named, decay):
    """Weight decay for matrices (embeddings included), not for norms and biases."""
    named = list(named)
    return [dict(params=[p for _, p in named if p.dim() > 1], weight_decay=decay), dict(params=[p for _, p in named if p.dim() < 2], weight_decay=0.0)]


def run_file(name, steps=20, accumulation=1, clip=0.0, schedule=None, precision='f32', **optimizer):
    """The parts of a run file that fix the numbers; the test adds paths."""
    return {
        'method': {'name': name},
        'optimizer': {'name': 'adamw', 'learningRate': 1e-3, 'beta1': 0.9, 'beta2': 0.999, 'epsilon': 1e-8, 'weightDecay': 0.0, 'stateBits': 32,
                      **optimizer},
        'schedule': schedule or {'name': 'constant', 'warmupSteps': 0},
        'training': {'steps': steps, 'microBatch': MICRO_BATCH, 'gradientAccumulation': accumulation, 'clipNorm': clip, 'precision': precision,
                     'seed': 1},
    }


def adamw(run, tensors, forward, named_parameters):
    """Trains; returns each step's loss and gradient norm (before clipping)."""
    named = [(n, p) for n, p in named_parameters if p.requires_grad]
    settings = run['optimizer']
    in_8_bits = {p: Adam8(p.numel(), settings['beta1'], settings['beta2'], settings['epsilon'])
                 for _, p in named if settings['stateBits'] == 8 and p.numel() >= SMALLEST}
    assert not in_8_bits or settings['weightDecay'] == 0
    optimizer = torch.optim.AdamW(decay_groups([(n, p) for n, p in named if p not in in_8_bits], settings['weightDecay']), lr=1.0,
                                  betas=(settings['beta1'], settings['beta2']), eps=settings['epsilon'])
    losses, norms = [], []
    for step in range(run['training']['steps']):
        rate = learning_rate(run, step)
        for group in optimizer.param_groups:
            group['lr'] = rate
        losses.append(backward(forward, step_batches(run, tensors, step)))
        clip = run['training']['clipNorm']
        norms.append(torch.nn.utils.clip_grad_norm_([p for _, p in named], clip if clip > 0 else math.inf).item())
        optimizer.step()
        for p, state in in_8_bits.items():
            p.data = state.step(p.data, p.grad, rate)
        for _, p in named:
            p.grad = None
    return losses, norms


def perturb(named_parameters, seed=7):
    """Relative noise of one float32 rounding: how far the numbers then move says what a comparison can ask for."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, p in named_parameters:
            p.mul_(1 + 1e-7 * torch.randn(p.shape, generator=generator))


def deviation(a, b):
    return max(abs(x - y) / max(abs(x), 1e-12) for x, y in zip(a, b))
