"""Phi-3's fused matrices taken apart: the Llama with the same weights, and adapters on the one as adapters on the other.

The engine trains q, k and v (gate and up) with factors of their own, PEFT with one A for all rows of the fused matrix. So trajectories come
from the Llama, and what it has learned is stacked: the parts' A one above the other, their B on a block diagonal.
"""
import torch
from transformers import LlamaConfig, LlamaForCausalLM

FUSED = {'qkv_proj': ['q_proj', 'k_proj', 'v_proj'], 'gate_up_proj': ['gate_proj', 'up_proj']}


def rows_of(config, name):
    dim = config.hidden_size // config.num_attention_heads
    if name == 'qkv_proj':
        return [config.num_attention_heads * dim, config.num_key_value_heads * dim, config.num_key_value_heads * dim]
    return [config.intermediate_size, config.intermediate_size]


def split_names(config, tensors, suffix):
    """`tensors` by name, with those of fused modules cut along their rows ('.weight', '.lora_B.weight') or copied ('.lora_A.weight')."""
    result = {}
    for name, tensor in tensors.items():
        fused = next((f for f in FUSED if f'.{f}{suffix}' in name), None)
        if fused is None:
            result[name] = tensor
            continue
        pieces = [tensor] * len(FUSED[fused]) if 'lora_A' in suffix else tensor.split(rows_of(config, fused))
        for part, piece in zip(FUSED[fused], pieces):
            result[name.replace(fused, part)] = piece
    return result


def as_llama(model):
    """The Llama that computes what this Phi-3 (every head rotated as a whole) does."""
    c = model.config
    config = LlamaConfig(vocab_size=c.vocab_size, hidden_size=c.hidden_size, intermediate_size=c.intermediate_size,
                         num_hidden_layers=c.num_hidden_layers, num_attention_heads=c.num_attention_heads,
                         num_key_value_heads=c.num_key_value_heads, max_position_embeddings=c.max_position_embeddings,
                         rms_norm_eps=c.rms_norm_eps, tie_word_embeddings=c.tie_word_embeddings, pad_token_id=None)
    config._attn_implementation = 'eager'
    llama = LlamaForCausalLM(config).float().eval()
    llama.load_state_dict(split_names(c, model.state_dict(), '.weight'))
    return llama


def split_adapter(config, tensors):
    return split_names(config, split_names(config, tensors, '.lora_A.weight'), '.lora_B.weight')


def stacked_adapter(config, tensors):
    result = {}
    for name, tensor in tensors.items():
        fused = next((f for f, parts in FUSED.items() if f'.{parts[0]}.lora' in name), None)
        if fused is None:
            if not any(f'.{part}.lora' in name for parts in FUSED.values() for part in parts):
                result[name] = tensor
            continue
        parts = [tensors[name.replace(FUSED[fused][0], part)] for part in FUSED[fused]]
        result[name.replace(FUSED[fused][0], fused)] = torch.cat(parts) if 'lora_A' in name else torch.block_diag(*parts)
    return result
