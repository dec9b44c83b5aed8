"""PEFT LoRA adapters with random factors: logits with the adapter, and twenty AdamW steps that train the adapter alone.

Writes fixtures/lora/NAME/{adapter/…, expected.safetensors: input_ids, logits (of the base as stored); tokens.safetensors;
expected.json: model, run, evalLoss, losses, gradientNorms; trained.safetensors: the adapter as peft saves it at the end}. The qlora cases train on a base that went through NF4. Base models are those of
logits.py.
"""
import json
import os
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict

import fused
import nf4
from tiny_models import FIXTURES, fresh_folder, load_model, random_tokens, save_json, save_tensors
from training_loop import MICRO_BATCH, adamw, deviation, evaluation_loss, perturb, run_file

ATTENTION, MLP = ['q_proj', 'k_proj', 'v_proj', 'o_proj'], ['gate_proj', 'up_proj', 'down_proj']
CASES = {
    'all-linear': dict(model='llama-gqa-tied', peft=dict(target_modules=ATTENTION + MLP), method={}, targets='all-linear'),
    'rank-stabilized': dict(model='llama-bias', peft=dict(target_modules=ATTENTION, use_rslora=True), method={'rankStabilized': True}, targets='attention'),
    'patterns': dict(model='llama-untied', peft=dict(target_modules=['q_proj', 'v_proj', 'down_proj'],
                                                     rank_pattern={'down_proj': 6, 'layers.1.self_attn.q_proj': 2}, alpha_pattern={'down_proj': 3}),
                     method={}, targets=['q_proj', 'v_proj', 'down_proj']),
    'qlora': dict(model='llama-untied', peft=dict(target_modules=ATTENTION + MLP), method={}, targets='all-linear',
                  storage={'weights': 'nf4', 'doubleQuantize': False}),
    'qlora-double': dict(model='qwen2', peft=dict(target_modules=MLP), method={}, targets='mlp', storage={'weights': 'nf4', 'doubleQuantize': True}),
    # An adapter on Phi-3's fused matrices, trained with them taken apart.
    'phi3': dict(index=20, model='phi3', peft=dict(target_modules=['qkv_proj', 'o_proj', 'gate_up_proj', 'down_proj']), method={}, targets='all-linear'),
    'olmo2': dict(index=21, model='olmo2', peft=dict(target_modules=ATTENTION + MLP), method={}, targets='all-linear',
                  storage={'weights': 'nf4', 'doubleQuantize': False}),
    'gemma': dict(index=22, model='gemma', peft=dict(target_modules=ATTENTION + MLP), method={}, targets='all-linear'),
}


def make_adapter(base, options, folder, seed):
    """Both factors random and of the size that changes logits visibly."""
    model = get_peft_model(base, LoraConfig(r=4, lora_alpha=8, lora_dropout=0.0, bias='none', task_type='CAUSAL_LM', **options))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if 'lora_' in name:
                p.copy_(torch.randn(p.shape, generator=generator) * (p.shape[1] ** -0.5 if 'lora_A' in name else 0.1))
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, 'README.md'))
    # The order of a set and the place of the base differ between machines.
    path = os.path.join(folder, 'adapter_config.json')
    config = json.load(open(path))
    config['target_modules'] = sorted(config['target_modules'])
    config['base_model_name_or_path'] = ''
    save_json(path, config)


def quantize_base(model, double):
    """The linear layers of the blocks as NF4 gives them back."""
    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.Linear) and '.layers.' in name:
                module.weight.copy_(nf4.through_nf4(module.weight, double))
    return model


def load_apart(base, adapter):
    """Base and adapter with the fused matrices taken apart, the adapter to be trained."""
    phi = PeftModel.from_pretrained(load_model(base), adapter)
    config = LoraConfig(r=4, lora_alpha=8, lora_dropout=0.0, bias='none', task_type='CAUSAL_LM', target_modules=ATTENTION + MLP)
    model = get_peft_model(fused.as_llama(load_model(base)), config)
    set_peft_model_state_dict(model, fused.split_adapter(phi.config, get_peft_model_state_dict(phi)))
    return model.eval()


def stack(base, trained):
    """The adapter of a model taken apart as one on the fused matrices; checked to give the same logits there."""
    tensors = fused.stacked_adapter(trained.config, get_peft_model_state_dict(trained))
    ranks = {'qkv_proj': 12, 'gate_up_proj': 8}
    config = LoraConfig(r=4, lora_alpha=8, task_type='CAUSAL_LM', target_modules=['qkv_proj', 'o_proj', 'gate_up_proj', 'down_proj'], rank_pattern=ranks,
                        alpha_pattern={name: 2 * rank for name, rank in ranks.items()})
    model = get_peft_model(load_model(base), config).eval()
    set_peft_model_state_dict(model, tensors)
    ids = random_tokens(2, 12, 97, seed=1)
    with torch.no_grad():
        assert (model(input_ids=ids).logits - trained(input_ids=ids).logits).abs().max() < 1e-5
    return tensors


def main(out):
    for place, (name, case) in enumerate(CASES.items()):
        index, apart = case.get('index', place), name == 'phi3'
        base = os.path.join(out, 'logits', case['model'], 'model')
        folder = fresh_folder('lora', name, out=out)
        adapter = os.path.join(folder, 'adapter')
        make_adapter(load_model(base), case['peft'], adapter, seed=400 + index)

        storage = case.get('storage', {'weights': 'dense', 'doubleQuantize': False})

        def load(trainable):
            if trainable and apart:
                return load_apart(base, adapter)
            model = load_model(base)
            if trainable and storage['weights'] == 'nf4':
                quantize_base(model, storage['doubleQuantize'])
            return PeftModel.from_pretrained(model, adapter, is_trainable=trainable).eval()
        ids = random_tokens(2, 12, 97, seed=410 + index)
        with torch.no_grad():
            model = load(False)
            logits = model(input_ids=ids).logits
            change = (logits - load_model(base)(input_ids=ids).logits).abs().max()
        save_tensors(os.path.join(folder, 'expected.safetensors'), {'input_ids': ids, 'logits': logits.reshape(-1, logits.shape[-1])})

        run = run_file('lora')
        run['method'] = {'name': 'lora', 'rank': 4, 'alpha': 8, **case['method']}
        run['targets'], run['storage'] = case['targets'], storage
        tensors = {'input_ids': random_tokens(20 * MICRO_BATCH, 12, 97, seed=420 + index)}
        results = []
        for noise in (False, True):
            model = load(True)
            if not noise:
                first, before = model, evaluation_loss(lambda ids: model(input_ids=ids).logits, tensors)
            else:
                perturb((n, p) for n, p in model.named_parameters() if p.requires_grad)
            results.append(adamw(run, tensors, lambda ids: model(input_ids=ids).logits, model.named_parameters()))
        (losses, norms), (noisy, _) = results
        save_tensors(os.path.join(folder, 'tokens.safetensors'), tensors)
        save_json(os.path.join(folder, 'expected.json'),
                  {'model': f'logits/{case["model"]}/model', 'run': run, 'evalLoss': before, 'losses': losses, 'gradientNorms': norms})
        save_tensors(os.path.join(folder, 'trained.safetensors'), stack(base, first) if apart else get_peft_model_state_dict(first))
        print(f'lora {name}: adapter changes logits by {change:.3f}; {losses[0]:.4f} → {losses[-1]:.4f}; rounding moves it by {deviation(losses, noisy):.1e}')


if __name__ == '__main__':
    main(sys.argv[1] if len(sys.argv) > 1 else FIXTURES)
