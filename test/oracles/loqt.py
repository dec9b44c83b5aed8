"""Reference trajectories of LoQT (Loeschcke et al., 2024), with and without quantization.

What an event's step updates: "step-dense-only": embedding, norms and head take their normal step with the gradient of the merged
network, the trained factors none; "skip-step": nothing; "reference-hook": all, the factors with a gradient of zero. What becomes of
the factors' moments: "keep" (count included), "reset-first" (m ← 0), "reset-all" (m, v, count ← 0), "rotate" (m ← C·m, v ← (C∘C)·v
with C from the old subspace's coordinates to the new one's). A fixed factor is stored, and quantized, as r rows whichever side it
lives on.
Writes fixtures/loqt/{model/…, NAME/{tokens.safetensors, expected.json: model, run, losses, events: step, and per layer the relative
quantization error before and after compensation}}.
"""
import os
import sys

import torch
import torch.nn.functional as F

import nf4
from projected import block_linears, make_model, markov_tokens, on_input_side, top_subspace
from tiny_models import FIXTURES, fresh_folder, load_model, save_json, save_model, save_tensors
from training_loop import MICRO_BATCH, backward, deviation, learning_rate, perturb, run_file, step_batches

METHOD = {'name': 'loqt', 'rank': 4, 'scale': 0.5, 'interval': 5, 'schedule': 'exponential', 'growth': 1.2, 'eventPolicy': 'step-dense-only',
          'statePolicy': 'keep', 'quantizeProjector': 'none', 'compensationIterations': 0}
DENSE, NF4 = {'weights': 'dense', 'doubleQuantize': False}, {'weights': 'nf4', 'doubleQuantize': False}
DOUBLE = {'weights': 'nf4', 'doubleQuantize': True}
CASES = {
    'nq': dict(storage=DENSE, method={}),
    'nf4': dict(storage=NF4, method=dict(quantizeProjector='nf4', compensationIterations=5)),
    'window': dict(storage=DOUBLE, accumulation=2, method=dict(quantizeProjector='nf4', compensationIterations=2, schedule='linear', interval=4,
                                                              increment=2, eventPolicy='skip-step', statePolicy='reset-all')),
    'hook': dict(storage=DENSE, method=dict(schedule='static', interval=6, eventPolicy='reference-hook')),
    'reset-first': dict(storage=DENSE, method=dict(schedule='static', statePolicy='reset-first')),
    'rotate': dict(storage=DENSE, method=dict(schedule='static', interval=4, statePolicy='rotate')),
}


class Layer:
    """One linear layer: y = Q·x + s·(trained · fixed)·x. `basis` [r × p] holds the fixed factor's vectors as rows."""

    def __init__(self, name, linear, method, storage):
        self.name, self.method = name, method
        self.double = storage['doubleQuantize']
        self.store = self.through_nf4 if storage['weights'] == 'nf4' else (lambda w: w)
        self.input_side = on_input_side(linear.weight)
        m, n = linear.weight.shape
        self.rank = min(method['rank'], m, n)
        self.stored = linear.weight.data.clone()
        self.basis = torch.zeros(self.rank, min(m, n))
        self.trained = torch.nn.Parameter(torch.zeros((m, self.rank) if self.input_side else (self.rank, n)))
        self.active = False
        self.probe = None
        linear.weight.requires_grad_(False)
        linear.forward = self.forward

    def through_nf4(self, w):
        return nf4.through_nf4(w, self.double)

    def product(self, trained):
        return self.method['scale'] * (trained @ self.basis if self.input_side else self.basis.T @ trained)

    def forward(self, x):
        if not self.active:
            return F.linear(x, self.probe)
        low = F.linear(F.linear(x, self.basis), self.trained) if self.input_side else F.linear(F.linear(x, self.trained), self.basis.T)
        return F.linear(x, self.stored) + self.method['scale'] * low

    @torch.no_grad()
    def merge(self):
        """The network as it stands goes into the stored weight; what is stored then asks for its own gradient."""
        self.whole = self.stored + self.product(self.trained)
        self.active = False
        self.probe = self.store(self.whole).requires_grad_(True)

    @torch.no_grad()
    def rebuild(self, moments):
        """A new subspace from the gradient; the trained factor starts from what quantization lost (best of C rounds)."""
        basis = top_subspace(self.probe.grad, self.rank)
        self.turn(moments, basis @ self.basis.T)
        self.basis = self.through_nf4(basis) if self.method['quantizeProjector'] == 'nf4' else basis
        inverse = torch.linalg.pinv(self.basis)  # [p × r]
        self.stored, trained = self.probe.detach(), torch.zeros_like(self.trained)
        before, weight = (self.whole - self.stored).norm().item(), self.whole
        least = before
        for _ in range(self.method['compensationIterations']):
            stored = self.store(weight)
            lost = self.whole - stored
            candidate = (lost @ inverse if self.input_side else inverse.T @ lost) / self.method['scale']
            error = (lost - self.product(candidate)).norm().item()
            if error < least:
                least, self.stored, trained = error, stored, candidate
            weight = self.whole - self.product(candidate)
        self.trained.copy_(trained)
        self.probe, self.active = None, True
        size = self.whole.norm().item()
        return {'name': self.name, 'quantizationErrorBefore': before / size, 'quantizationErrorAfter': least / size}


    def turn(self, moments, change):
        """The state policy, on torch's moments of the trained factor (empty before its first step)."""
        policy = self.method['statePolicy']
        if policy == 'reset-all':
            moments.clear()
        elif policy == 'reset-first' and moments:
            moments['exp_avg'].zero_()
        elif policy == 'rotate' and moments:
            for name, map in (('exp_avg', change), ('exp_avg_sq', change * change)):
                moments[name] = moments[name] @ map.T if self.input_side else map @ moments[name]


def event_steps(method, steps):
    at, k, events = 0, 0, []
    while at < steps:
        events.append(at)
        at += method['interval'] + {'static': 0, 'linear': k * method.get('increment', 0),
                                    'exponential': int(method['growth'] ** k) if k else 0}[method['schedule']]
        k += 1
    return events


def train(model, run, tensors):
    method, settings = run['method'], run['optimizer']
    layers = [Layer(name, linear, method, run['storage']) for name, linear in block_linears(model)]
    parameters = [p for p in model.parameters() if p.requires_grad] + [layer.trained for layer in layers]
    optimizer = torch.optim.AdamW(parameters, lr=1.0, betas=(settings['beta1'], settings['beta2']), eps=settings['epsilon'], weight_decay=0.0)
    steps = event_steps(method, run['training']['steps'])
    losses, events = [], []
    for step in range(run['training']['steps']):
        optimizer.param_groups[0]['lr'] = learning_rate(run, step)
        if step in steps:
            for layer in layers:
                layer.merge()
        losses.append(backward(lambda ids: model(input_ids=ids).logits, step_batches(run, tensors, step)))
        if step in steps:
            events.append({'step': step, 'layers': [layer.rebuild(optimizer.state[layer.trained]) for layer in layers]})
            if method['eventPolicy'] == 'reference-hook':
                for layer in layers:
                    layer.trained.grad = torch.zeros_like(layer.trained)
        if step not in steps or method['eventPolicy'] != 'skip-step':
            optimizer.step()  # a factor without a gradient is left alone, its moments and count included
        optimizer.zero_grad(set_to_none=True)
    return losses, events


def main(out):
    home = fresh_folder('loqt', out=out)
    base = os.path.join(home, 'model')
    save_model(make_model(), base)
    for index, (name, case) in enumerate(CASES.items()):
        accumulation = case.get('accumulation', 1)
        run = run_file('loqt', accumulation=accumulation, learningRate=5e-3)
        run['method'], run['storage'] = {**METHOD, **case['method']}, case['storage']
        tensors = {'input_ids': markov_tokens(20 * accumulation * MICRO_BATCH, 16, seed=710 + index)}
        losses, events = train(load_model(base), run, tensors)
        noisy = load_model(base)
        perturb(noisy.named_parameters())
        moved = deviation(losses, train(noisy, run, tensors)[0])
        folder = fresh_folder('loqt', name, out=out)
        save_tensors(os.path.join(folder, 'tokens.safetensors'), tensors)
        save_json(os.path.join(folder, 'expected.json'), {'model': 'loqt/model', 'run': run, 'losses': losses, 'events': events})
        print(f'loqt {name}: {losses[0]:.4f} → {losses[-1]:.4f}, events {[e["step"] for e in events]}; rounding moves it by {moved:.1e}')


if __name__ == '__main__':
    main(sys.argv[1] if len(sys.argv) > 1 else FIXTURES)
