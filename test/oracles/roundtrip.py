"""What this program writes, read by transformers and peft.

Needs the program itself, built (`npm run prepare:engine`). Models: each of logits/ is exported and loaded by transformers, which must find
the same weights and compute the same logits; nothing is kept of that. Adapters: LoRA trained here from its own start is loaded by peft, and
fixtures/lora/ours-NAME/{adapter/…, expected.safetensors: input_ids, logits; model.json: the base} hold what peft computes with it.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import torch
from peft import PeftModel

from tiny_models import FIXTURES, fresh_folder, load_model, random_tokens, save_json, save_tensors

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
ADAPTERS = {
    'all-linear': dict(model='llama-gqa-tied', method={'rank': 4, 'alpha': 8}, targets='all-linear'),
    'rank-stabilized': dict(model='llama-bias', method={'rank': 6, 'alpha': 3, 'rankStabilized': True}, targets='attention'),
    'chosen-layers': dict(model='qwen3', method={'rank': 2, 'alpha': 16}, targets=['q_proj', 'down_proj']),
    # Two of the three parts of a fused matrix, which PEFT knows as one.
    'fused': dict(index=20, model='phi3', method={'rank': 3, 'alpha': 5}, targets=['q_proj', 'v_proj', 'gate_proj', 'down_proj']),
    'olmo2': dict(index=21, model='olmo2-bias', method={'rank': 4, 'alpha': 8}, targets='all-linear'),
    'gemma3': dict(index=30, model='gemma3', method={'rank': 4, 'alpha': 8}, targets='all-linear'),
    'gemma': dict(index=22, model='gemma', method={'rank': 4, 'alpha': 8}, targets='all-linear'),
}


def rankwise(*arguments):
    with tempfile.TemporaryDirectory() as home:
        subprocess.run(['npm', 'run', '--silent', 'rankwise', '--', *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, 'RANKWISE_HOME': home})


def check_models(work):
    folder = os.path.join(FIXTURES, 'logits')
    for name in sorted(os.listdir(folder)):
        model = os.path.join(folder, name, 'model')
        written = os.path.join(work, name)
        rankwise('export', '--model', model, '--to', 'safetensors', '--output', written)
        before, after = load_model(model), load_model(written)
        assert type(before) is type(after), f'{name}: another class'
        old, new = before.state_dict(), after.state_dict()
        assert old.keys() == new.keys(), f'{name}: other weights {sorted(old.keys() ^ new.keys())}'
        unequal = [key for key in old if not torch.equal(old[key], new[key])]
        assert not unequal, f'{name}: {unequal} differ'
        ids = random_tokens(2, 24, before.config.vocab_size, seed=900)
        with torch.no_grad():
            assert torch.equal(before(input_ids=ids).logits, after(input_ids=ids).logits), f'{name}: other logits'
        print(f'model {name}: the same {len(old)} weights, the same logits')


def make_adapter(name, case, work, out, seed):
    base = os.path.join(FIXTURES, 'logits', case['model'], 'model')
    vocabulary = load_model(base).config.vocab_size
    tokens = os.path.join(work, 'tokens.safetensors')
    save_tensors(tokens, {'input_ids': random_tokens(40, 16, vocabulary, seed=seed)})
    trained = os.path.join(work, name)
    run = os.path.join(work, f'{name}.json')
    save_json(run, {
        'model': {'path': os.path.realpath(base)}, 'data': {'train': tokens, 'format': 'tokens', 'sequenceLength': 16},
        'method': {'name': 'lora', **case['method']}, 'targets': case['targets'],
        'optimizer': {'name': 'adamw', 'learningRate': 0.004},
        'training': {'steps': 20, 'microBatch': 4, 'precision': 'f32', 'seed': 3, 'evalEvery': 0, 'checkpointEvery': 0}, 'output': trained})
    rankwise('train', run)
    folder = fresh_folder('lora', f'ours-{name}', out=out)
    adapter = os.path.join(folder, 'adapter')
    os.makedirs(adapter)
    for file in ('adapter_config.json', 'adapter_model.safetensors'):
        shutil.copyfile(os.path.join(trained, 'adapter', file), os.path.join(adapter, file))
    path = os.path.join(adapter, 'adapter_config.json')
    config = json.load(open(path))
    config['base_model_name_or_path'] = ''  # its place differs between machines
    save_json(path, config)
    ids = random_tokens(2, 12, vocabulary, seed=seed + 1)
    with torch.no_grad():
        plain = load_model(base)(input_ids=ids).logits
        logits = PeftModel.from_pretrained(load_model(base), adapter).eval()(input_ids=ids).logits
    save_tensors(os.path.join(folder, 'expected.safetensors'), {'input_ids': ids, 'logits': logits.reshape(-1, logits.shape[-1])})
    save_json(os.path.join(folder, 'model.json'), {'model': f'logits/{case["model"]}/model'})
    print(f'adapter {name}: peft loads it, logits change by {(logits - plain).abs().max():.3f}')


def main(out):
    with tempfile.TemporaryDirectory() as work:
        check_models(work)
        for place, (name, case) in enumerate(ADAPTERS.items()):
            make_adapter(name, case, work, out, seed=910 + 10 * case.get('index', place))


if __name__ == '__main__':
    main(sys.argv[1] if len(sys.argv) > 1 else FIXTURES)
