"""A reference trajectory of GaLore (Zhao et al., 2024): Adam on the gradient projected to its leading subspace.

Moments are kept when the subspace changes; epsilon is not corrected for bias in the projected update (the authors' Adam), while the
other parameters follow torch's AdamW. Writes fixtures/galore/{model/…, tokens.safetensors, expected.json}.
"""
import os
import sys

import torch

from projected import block_linears, make_model, markov_tokens, on_input_side, top_subspace
from tiny_models import FIXTURES, fresh_folder, load_model, save_json, save_model, save_tensors
from training_loop import MICRO_BATCH, backward, deviation, learning_rate, perturb, run_file, step_batches


class ProjectedAdam:
    def __init__(self, weight, method, settings):
        self.weight, self.method, self.settings = weight, method, settings
        self.input_side = on_input_side(weight)
        self.m = self.v = 0.0

    @torch.no_grad()
    def step(self, index, rate):
        g, beta1, beta2 = self.weight.grad, self.settings['beta1'], self.settings['beta2']
        if index % self.method['interval'] == 0:
            self.basis = top_subspace(g, self.method['rank'])
        low = g @ self.basis.T if self.input_side else self.basis @ g
        self.m = beta1 * self.m + (1 - beta1) * low
        self.v = beta2 * self.v + (1 - beta2) * low * low
        t = index + 1
        direction = (1 - beta2 ** t) ** 0.5 / (1 - beta1 ** t) * self.m / (self.v.sqrt() + self.settings['epsilon'])
        back = direction @ self.basis if self.input_side else self.basis.T @ direction
        self.weight -= rate * self.method['scale'] * back


def train(model, run, tensors):
    settings = run['optimizer']
    projected = [ProjectedAdam(linear.weight, run['method'], settings) for _, linear in block_linears(model)]
    others = [p for p in model.parameters() if not any(p is x.weight for x in projected)]
    optimizer = torch.optim.AdamW(others, lr=1.0, betas=(settings['beta1'], settings['beta2']), eps=settings['epsilon'], weight_decay=0.0)
    losses, norms = [], []
    for step in range(run['training']['steps']):
        rate = optimizer.param_groups[0]['lr'] = learning_rate(run, step)
        losses.append(backward(lambda ids: model(input_ids=ids).logits, step_batches(run, tensors, step)))
        norms.append(torch.cat([p.grad.reshape(-1) for p in model.parameters()]).norm().item())
        for x in projected:
            x.step(step, rate)
        optimizer.step()
        model.zero_grad()
    return losses, norms


def main(out):
    folder = fresh_folder('galore', out=out)
    base = os.path.join(folder, 'model')
    save_model(make_model(), base)
    run = run_file('galore', learningRate=5e-3, epsilon=1e-6)
    run['method'] = {'name': 'galore', 'rank': 4, 'scale': 0.25, 'interval': 5}
    tensors = {'input_ids': markov_tokens(20 * MICRO_BATCH, 16, seed=720)}
    losses, norms = train(load_model(base), run, tensors)
    noisy = load_model(base)
    perturb(noisy.named_parameters())
    moved = deviation(losses, train(noisy, run, tensors)[0])
    save_tensors(os.path.join(folder, 'tokens.safetensors'), tensors)
    save_json(os.path.join(folder, 'expected.json'), {'model': 'galore/model', 'run': run, 'losses': losses, 'gradientNorms': norms})
    print(f'galore: {[round(x, 3) for x in losses]}; rounding moves it by {moved:.1e}')


if __name__ == '__main__':
    main(sys.argv[1] if len(sys.argv) > 1 else FIXTURES)
