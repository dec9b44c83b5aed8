"""Documents packed into one sequence: the numbers are those of every document run alone, its positions from 0.

Writes fixtures/documents/NAME/{expected.safetensors: input_ids, document_start i32 [2 × 24] (index in the sequence where the current
document begins), logits; tokens.safetensors: the same with labels (−100 where a document begins); expected.json: the loss of the file, and five AdamW steps}.
"""
import os
import sys

import torch

from tiny_models import FIXTURES, fresh_folder, load_model, random_tokens, save_json, save_tensors
from training_loop import IGNORED, MICRO_BATCH, adamw, evaluation_loss, run_file

LENGTH = 24
CASES = {'llama3-rope': 500, 'qwen3': 510}


def starts(rows, seed):
    """Documents of 1 to 11 tokens, except one sequence in four that is a single document."""
    lengths = iter((1 + random_tokens(1, rows * LENGTH, 11, seed)[0]).tolist())
    out = torch.zeros(rows, LENGTH, dtype=torch.int64)
    for row in range(rows):
        at = 0
        while at < LENGTH:
            end = LENGTH if row % 4 == 3 else min(LENGTH, at + next(lengths))
            out[row, at:end] = at
            at = end
    return out


def alone(model, ids, document_start):
    """Logits [S × T × V] with every document passed through the model by itself."""
    rows = []
    for row, start in zip(ids, document_start):
        _, lengths = torch.unique_consecutive(start, return_counts=True)
        rows.append(torch.cat([model(input_ids=part[None]).logits[0] for part in torch.split(row, lengths.tolist())]))
    return torch.stack(rows)


def packed(rows, seed):
    ids, start = random_tokens(rows, LENGTH, 97, seed), starts(rows, seed + 1)
    begins = start == torch.arange(LENGTH)
    return {'input_ids': ids, 'labels': torch.where(begins, IGNORED, ids), 'document_start': start}


def main(out):
    for name, seed in CASES.items():
        base = os.path.join(out, 'logits', name, 'model')
        folder = fresh_folder('documents', name, out=out)
        model = load_model(base)
        tensors = packed(2, seed)
        with torch.no_grad():
            logits = alone(model, tensors['input_ids'], tensors['document_start'])
            joined = model(input_ids=tensors['input_ids']).logits
        save_tensors(os.path.join(folder, 'expected.safetensors'),
                     {'input_ids': tensors['input_ids'], 'document_start': tensors['document_start'], 'logits': logits.reshape(-1, logits.shape[-1])})
        run = run_file('full', steps=5)
        tensors = packed(5 * MICRO_BATCH, seed + 5)
        before = evaluation_loss(lambda ids, start: alone(model, ids, start), tensors)
        losses, norms = adamw(run, tensors, lambda ids, start: alone(model, ids, start), model.named_parameters())
        save_tensors(os.path.join(folder, 'tokens.safetensors'), tensors)
        save_json(os.path.join(folder, 'expected.json'),
                  {'model': f'logits/{name}/model', 'run': run, 'evalLoss': before, 'losses': losses, 'gradientNorms': norms})
        print(f'documents {name}: without the mask logits differ by {(logits - joined).abs().max():.3f}; {losses[0]:.4f} → {losses[-1]:.4f}')


if __name__ == '__main__':
    main(sys.argv[1] if len(sys.argv) > 1 else FIXTURES)
