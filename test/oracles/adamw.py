"""Twenty steps of full fine-tuning with torch.optim.AdamW, or with 8-bit moments, on known batches.

Writes fixtures/train/full-NAME/{tokens.safetensors, expected.json: model, run, evalLoss (of the whole file, before training), losses,
gradientNorms}. Models are those of logits.py.
"""
import os
import sys

from tiny_models import FIXTURES, fresh_folder, load_model, random_tokens, save_json, save_tensors
from training_loop import IGNORED, MICRO_BATCH, adamw, deviation, evaluation_loss, perturb, run_file

CASES = {
    'plain': dict(model='llama-gqa-tied'),
    'decay': dict(model='llama-bias', weightDecay=0.1),
    'clip': dict(model='qwen2', clip=1.0),
    'cosine': dict(model='qwen3', schedule={'name': 'cosine', 'warmupSteps': 5, 'minimumRatio': 0.1}),
    'linear': dict(model='mistral', schedule={'name': 'linear', 'warmupSteps': 3, 'minimumRatio': 0.2}),
    'accumulation': dict(model='llama-untied', accumulation=2, ragged=True),
    'labels': dict(model='llama3-rope', labels=True),
    '8-bit': dict(model='qwen3', stateBits=8, clip=5.0),
    'gemma2': dict(index=30, model='gemma2'),
    'gemma3': dict(index=31, model='gemma3', weightDecay=0.1),
    'window': dict(index=21, model='mistral-window'),
    'phi3': dict(index=20, model='phi3-longrope', weightDecay=0.1),
    'olmo2': dict(index=22, model='olmo2-bias', weightDecay=0.1),
    'gemma': dict(index=23, model='gemma', accumulation=2, ragged=True, clip=1.0),
}


def case_tokens(case, run, seed):
    rows = run['training']['steps'] * run['training']['gradientAccumulation'] * MICRO_BATCH
    tensors = {'input_ids': random_tokens(rows, 12, 97, seed)}
    if case.get('labels') or case.get('ragged'):
        # Prompts of 0 to 9 tokens are not learned: micro-batches then differ in how many predictions they hold.
        labels = tensors['input_ids'].clone()
        for row, length in enumerate(random_tokens(1, rows, 10, seed + 1)[0].tolist()):
            labels[row, :length] = IGNORED
        tensors['labels'] = labels
    return tensors


def main(out):
    for place, (name, case) in enumerate(CASES.items()):
        index = case.get('index', place)
        options = {k: v for k, v in case.items() if k not in ('model', 'labels', 'ragged', 'index')}
        run = run_file('full', **options)
        tensors = case_tokens(case, run, seed=300 + 2 * index)
        results = []
        for noise in (False, True):
            model = load_model(os.path.join(out, 'logits', case['model'], 'model'))
            if noise:
                perturb(model.named_parameters())
            else:
                before = evaluation_loss(lambda ids: model(input_ids=ids).logits, tensors)
            results.append(adamw(run, tensors, lambda ids: model(input_ids=ids).logits, model.named_parameters()))
        (losses, norms), (noisy, noisy_norms) = results
        folder = fresh_folder('train', f'full-{name}', out=out)
        save_tensors(os.path.join(folder, 'tokens.safetensors'), tensors)
        save_json(os.path.join(folder, 'expected.json'),
                  {'model': f'logits/{case["model"]}/model', 'run': run, 'evalLoss': before, 'losses': losses, 'gradientNorms': norms})
        print(f'full-{name}: {losses[0]:.4f} → {losses[-1]:.4f}, norm {norms[0]:.3f}; rounding moves it by {deviation(losses, noisy):.1e}, {deviation(norms, noisy_norms):.1e}')


if __name__ == '__main__':
    main(sys.argv[1] if len(sys.argv) > 1 else FIXTURES)
