"""Logits of tiny Hugging Face models, computed by transformers in float32.

Writes fixtures/logits/NAME/{model/…, expected.safetensors: input_ids i32 [2 × 12], logits f32 [24 × vocabulary]; generated.json: a
prompt and its 24 most likely next tokens, one after the other}.
"""
import json
import math
import os
import sys

import torch

from tiny_models import FIXTURES, build, fresh_folder, load_model, random_tokens, save_json, save_model, save_tensors

LLAMA3_ROPE = dict(rope_type='llama3', rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                   original_max_position_embeddings=32)
LONGROPE = dict(rope_type='longrope', rope_theta=10000.0, short_factor=[1.0, 1.02, 1.1, 1.3, 1.6, 2.0], long_factor=[1.0, 1.5, 3.0, 6.0, 9.0, 12.0])
GEMMA3_ROPE = dict(full_attention=dict(rope_type='linear', rope_theta=50000.0, factor=4.0),
                   sliding_attention=dict(rope_type='default', rope_theta=10000.0))
CASES = {
    'llama-untied': dict(kind='llama'),
    'llama-gqa-tied': dict(kind='llama', num_key_value_heads=2, tie_word_embeddings=True),
    'llama-head-dim': dict(kind='llama', num_key_value_heads=3, head_dim=12),
    'llama-bias': dict(kind='llama', num_key_value_heads=2, attention_bias=True, mlp_bias=True),
    'llama3-rope': dict(kind='llama', num_key_value_heads=2, head_dim=16, rope_parameters=LLAMA3_ROPE),
    # Stored the way transformers 4 wrote it: rope_theta and rope_scaling at the top, torch_dtype.
    'linear-rope': dict(kind='llama', num_key_value_heads=2, rope_parameters=dict(rope_type='linear', rope_theta=50000.0, factor=4.0)),
    'qwen2': dict(kind='qwen2', num_key_value_heads=2, rms_norm_eps=1e-6),
    'qwen3': dict(kind='qwen3', num_key_value_heads=2, head_dim=16, tie_word_embeddings=True, rms_norm_eps=1e-6),
    'mistral': dict(kind='mistral', num_key_value_heads=2, sliding_window=None),
    'sharded': dict(kind='llama', num_key_value_heads=2, save=dict(max_shard_size='60KB')),
    'bf16': dict(kind='llama', num_key_value_heads=2, store=torch.bfloat16),
    'f16': dict(kind='llama', num_key_value_heads=2, store=torch.float16),
    # Phi-3: q, k and v in one matrix, gate and up in another.
    'phi3': dict(index=20, kind='phi3', num_key_value_heads=2),
    # As Phi-4-mini: three quarters of a head rotated, by factors that differ by pair and only hold within the original positions.
    # Windows shorter than the sequences, in all layers and in some.
    'mistral-window': dict(index=22, kind='mistral', num_key_value_heads=2, sliding_window=5),
    'qwen2-window': dict(index=23, kind='qwen2', num_key_value_heads=2, num_hidden_layers=3, use_sliding_window=True, sliding_window=4, max_window_layers=1),
    'phi3-window': dict(index=24, kind='phi3', num_key_value_heads=2, sliding_window=7),
    # Windows in some layers, norms on either side, capped scores and logits; then norms of q and k and rotary settings by kind of layer.
    'gemma2': dict(index=40, kind='gemma2', num_key_value_heads=2, head_dim=12, num_hidden_layers=3, sliding_window=5, query_pre_attn_scalar=20,
                   attn_logit_softcapping=1.5, final_logit_softcapping=4.0, tie_word_embeddings=True, rms_norm_eps=1e-6),
    'gemma3': dict(index=41, kind='gemma3_text', num_key_value_heads=1, head_dim=16, num_hidden_layers=4, sliding_window=4, sliding_window_pattern=3,
                   query_pre_attn_scalar=24, tie_word_embeddings=True, rms_norm_eps=1e-6, rope_parameters=GEMMA3_ROPE),
    'phi3-longrope': dict(index=21, kind='phi3', num_key_value_heads=2, hidden_size=96, head_dim=16, partial_rotary_factor=0.75, tie_word_embeddings=True,
                          original_max_position_embeddings=32, rope_parameters=LONGROPE),
    # Norms behind attention and MLP, and of q and k over all heads together.
    'olmo2': dict(index=30, kind='olmo2', num_key_value_heads=2),
    'olmo2-bias': dict(index=31, kind='olmo2', attention_bias=True, tie_word_embeddings=True, rms_norm_eps=1e-6),
    # Gains around zero, scaled embeddings, GeGLU; heads wider than the model.
    'gemma': dict(index=32, kind='gemma', num_key_value_heads=1, head_dim=16, tie_word_embeddings=True, rms_norm_eps=1e-6),
    'gemma-bias': dict(index=33, kind='gemma', num_key_value_heads=2, head_dim=8, attention_bias=True),
}


def version_4_config(folder):
    path = os.path.join(folder, 'config.json')
    config = json.load(open(path))
    rope = config.pop('rope_parameters')
    config['rope_theta'] = rope.pop('rope_theta')
    config['rope_scaling'] = {'type': rope['rope_type'], 'factor': rope['factor']}
    config['torch_dtype'] = config.pop('dtype')
    config['transformers_version'] = '4.40.0'
    save_json(path, config)


@torch.no_grad()
def greedy(model, prompt, count):
    """Continues without a cache. Where two tokens are nearly as likely the choice would be luck: the margin is returned too."""
    ids, margin = list(prompt), math.inf
    for _ in range(count):
        best = model(input_ids=torch.tensor([ids])).logits[0, -1].topk(2)
        margin = min(margin, (best.values[0] - best.values[1]).item())
        ids.append(best.indices[0].item())
    return ids[len(prompt):], margin


def clear_continuation(model, seed):
    """Of 30 prompts whose 24 tokens are all chosen by a margin of 0.02, the one with the most varied continuation."""
    tries = [(prompt, *greedy(model, prompt, 24)) for prompt in random_tokens(30, 5, 97, seed).tolist()]
    prompt, ids, _ = max((t for t in tries if t[2] > 0.02), key=lambda t: len(set(t[1])))
    return {'prompt': prompt, 'ids': ids}


def main(out):
    for place, (name, case) in enumerate(CASES.items()):
        case = dict(case)
        index = case.pop('index', place)  # of the seeds: a case of its own keeps its numbers wherever it stands
        store, save = case.pop('store', torch.float32), case.pop('save', {})
        folder = fresh_folder('logits', name, out=out)
        model = build(case.pop('kind'), seed=100 + index, **case)
        save_model(model.to(store), os.path.join(folder, 'model'), **save)
        before = None
        if name == 'linear-rope':
            before = load_model(os.path.join(folder, 'model'))
            version_4_config(os.path.join(folder, 'model'))
        model = load_model(os.path.join(folder, 'model'))
        ids = random_tokens(2, 12, 97, seed=200 + index)
        with torch.no_grad():
            logits = model(input_ids=ids).logits.float()
            if before is not None:
                assert torch.equal(logits, before(input_ids=ids).logits), 'the old spelling of the config means another model'
        save_tensors(os.path.join(folder, 'expected.safetensors'), {'input_ids': ids, 'logits': logits.reshape(-1, logits.shape[-1])})
        save_json(os.path.join(folder, 'generated.json'), clear_continuation(model, seed=1000 * (index + 1)))
        print(f'{name}: logits in [{logits.min():.3f}, {logits.max():.3f}]')


if __name__ == '__main__':
    main(sys.argv[1] if len(sys.argv) > 1 else FIXTURES)
