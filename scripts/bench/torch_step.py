#!/usr/bin/env python3
"""A training step of PyTorch + PEFT: the peer that `rankwise bench step --against torch` measures itself against.

Same geometry, batch, precision and threads as the engine's own step; prints one JSON object. Run in a fresh process, because peak
resident memory is the process's. bf16 is torch.autocast over float32 weights, the faster of PyTorch's two ways on a CPU.
"""
import argparse
import json
import os
import resource
import statistics
import time

parser = argparse.ArgumentParser()
parser.add_argument("--geometry", required=True, help="JSON with hiddenSize, intermediateSize, layers, heads, vocabSize, maxPositions")
parser.add_argument("--method", choices=["full", "lora"], required=True)
parser.add_argument("--precision", choices=["f32", "bf16"], required=True)
parser.add_argument("--rank", type=int, default=16)
parser.add_argument("--batch", type=int, default=8)
parser.add_argument("--sequence-length", type=int, default=256)
parser.add_argument("--steps", type=int, default=5)
parser.add_argument("--threads", type=int, required=True)
args = parser.parse_args()

os.environ["OMP_NUM_THREADS"] = str(args.threads)
os.environ["TRANSFORMERS_OFFLINE"] = os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import torch  # noqa: E402  (the environment comes first)
from transformers import LlamaConfig, LlamaForCausalLM  # noqa: E402

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
WARM_UP = 2


def build_model(geometry):
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=geometry["vocabSize"],
            hidden_size=geometry["hiddenSize"],
            intermediate_size=geometry["intermediateSize"],
            num_hidden_layers=geometry["layers"],
            num_attention_heads=geometry["heads"],
            num_key_value_heads=geometry["heads"],
            max_position_embeddings=geometry["maxPositions"],
            tie_word_embeddings=False,
            attn_implementation="sdpa",
            use_cache=False,
        )
    )
    if args.method == "lora":
        from peft import LoraConfig, get_peft_model

        lora = LoraConfig(r=args.rank, lora_alpha=2 * args.rank, lora_dropout=0.0, bias="none", task_type="CAUSAL_LM", target_modules=TARGETS)
        model = get_peft_model(model, lora)
    return model.train()


def main():
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    geometry = json.loads(args.geometry)
    model = build_model(geometry)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    generator = torch.Generator().manual_seed(1)
    seconds = []
    for step in range(WARM_UP + args.steps):
        start = time.perf_counter()
        ids = torch.randint(0, geometry["vocabSize"], (args.batch, args.sequence_length), generator=generator)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.precision == "bf16"):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss.item()
        if step >= WARM_UP:
            seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    print(
        json.dumps(
            {
                "secondsPerStep": median,
                "leastSecondsPerStep": min(seconds),
                "tokensPerSecond": args.batch * args.sequence_length / median,
                "peakResidentBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "version": torch.__version__,
            }
        )
    )


main()
