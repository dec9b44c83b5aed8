"""Tiny random Hugging Face models for the fixtures: odd geometries, no weight, norm or bias left at a special value."""
import json
import math
import os
import shutil

import torch
from safetensors.torch import save_file
from transformers import (Gemma2Config, Gemma2ForCausalLM, Gemma3ForCausalLM, Gemma3TextConfig, GemmaConfig, GemmaForCausalLM, LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, Olmo2Config,
                          Olmo2ForCausalLM, Phi3Config, Phi3ForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM)
from transformers.utils import logging

torch.set_num_threads(1)
logging.disable_progress_bar()
FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'fixtures')
MODELS = {'llama': (LlamaConfig, LlamaForCausalLM), 'mistral': (MistralConfig, MistralForCausalLM),
          'qwen2': (Qwen2Config, Qwen2ForCausalLM), 'qwen3': (Qwen3Config, Qwen3ForCausalLM),
          'phi3': (Phi3Config, Phi3ForCausalLM), 'olmo2': (Olmo2Config, Olmo2ForCausalLM), 'gemma': (GemmaConfig, GemmaForCausalLM),
          'gemma2': (Gemma2Config, Gemma2ForCausalLM), 'gemma3_text': (Gemma3TextConfig, Gemma3ForCausalLM)}
SMALL = dict(vocab_size=97, hidden_size=48, intermediate_size=80, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=6,
             max_position_embeddings=64, rms_norm_eps=1e-5, tie_word_embeddings=False, bos_token_id=1, eos_token_id=2, pad_token_id=None)


def build(kind, seed, **changes):
    """A float32 model in evaluation mode with eager attention (the plain formula)."""
    config_class, model_class = MODELS[kind]
    config = config_class(**{**SMALL, **changes})
    config._attn_implementation = 'eager'
    model = model_class(config).float().eval()
    randomize(model, seed)
    return model


def randomize(model, seed):
    """Weights N(0, 1/inputs), embeddings N(0, 0.5²), norms around 1, biases around 0: logits of order one, every term visible.

    Gemma adds the 1 itself, and scales embeddings up: larger ones would drown what the blocks add to them.
    """
    center, spread = (0, 0.2) if model.config.model_type.startswith('gemma') else (1, 0.5)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            if name.endswith('norm.weight'):
                p.copy_(center + 0.2 * noise)
            elif name.endswith('bias'):
                p.copy_(0.1 * noise)
            elif 'embed_tokens' in name:
                p.copy_(spread * noise)
            else:
                p.copy_(noise / math.sqrt(p.shape[1]))


def fresh_folder(*parts, out=FIXTURES):
    folder = os.path.join(out, *parts)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def save_model(model, folder, **options):
    model.save_pretrained(folder, safe_serialization=True, **options)
    generation = os.path.join(folder, 'generation_config.json')
    if os.path.exists(generation):
        os.remove(generation)


def load_model(folder):
    """What transformers makes of a folder, in float32: the model that the expected numbers come from."""
    kind = json.load(open(os.path.join(folder, 'config.json')))['model_type']
    return MODELS[kind][1].from_pretrained(folder, dtype=torch.float32, attn_implementation='eager').eval()


def random_tokens(rows, length, vocabulary, seed):
    return torch.randint(0, vocabulary, (rows, length), generator=torch.Generator().manual_seed(seed), dtype=torch.int64)


def save_tensors(path, tensors):
    """Integers as int32, floats as float32, contiguous, in the order given."""
    typed = {k: v.to(torch.int32) if v.dtype == torch.int64 else v for k, v in tensors.items()}
    save_file({k: v.detach().contiguous().clone() for k, v in typed.items()}, path)


def save_json(path, value):
    with open(path, 'w') as file:
        json.dump(value, file, indent=1)
        file.write('\n')
