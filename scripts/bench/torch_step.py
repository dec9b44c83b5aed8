"""One training step of a Llama in PyTorch, timed: the other side of `rankwise bench step --against torch`.

Reads one JSON object on standard input: {preset: {vocabSize, hiddenSize, intermediateSize, layers, heads, maxPositions}, method, precision,
rank, batch, sequenceLength, steps, threads}. Prints {secondsPerStep, tokensPerSecond, peakResidentBytes}. Run it in a fresh process for
every measurement: the peak is the process's. Ends with status 3 and a sentence where a package or the method is missing.
"""
import json
import os
import resource
import statistics
import sys
import time


def refuse(sentence):
    print(sentence, file=sys.stderr)
    sys.exit(3)


job = json.load(sys.stdin)
threads = job["threads"] or os.cpu_count()
os.environ["OMP_NUM_THREADS"] = str(threads)
os.environ["HF_HUB_OFFLINE"] = "1"
try:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
except ImportError as error:
    refuse(f"python3 has no package {error.name}")

torch.set_num_threads(threads)
torch.manual_seed(0)
preset = job["preset"]
model = LlamaForCausalLM(
    LlamaConfig(
        vocab_size=preset["vocabSize"],
        hidden_size=preset["hiddenSize"],
        intermediate_size=preset["intermediateSize"],
        num_hidden_layers=preset["layers"],
        num_attention_heads=preset["heads"],
        num_key_value_heads=preset["heads"],
        max_position_embeddings=max(preset["maxPositions"], job["sequenceLength"]),
        tie_word_embeddings=False,
        attn_implementation="sdpa",
        use_cache=False,
    )
)
if job["method"] == "lora":
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        refuse(f"python3 has no package {error.name}")
    names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    model = get_peft_model(model, LoraConfig(r=job["rank"], lora_alpha=2 * job["rank"], lora_dropout=0.0, bias="none", task_type="CAUSAL_LM", target_modules=names))
elif job["method"] != "full":
    refuse(f"PyTorch and PEFT have no {job['method']}; compare full or lora")

model.train()
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
generator = torch.Generator().manual_seed(1)
# float32 weights, products in bf16: what bf16 training on float32 masters is in PyTorch.
autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=job["precision"] == "bf16")


def step():
    started = time.perf_counter()
    ids = torch.randint(0, preset["vocabSize"], (job["batch"], job["sequenceLength"]), generator=generator)
    with autocast:
        loss = model(input_ids=ids, labels=ids).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return time.perf_counter() - started


for _ in range(2):
    step()
seconds = statistics.median(step() for _ in range(job["steps"]))
print(
    json.dumps(
        {
            "secondsPerStep": seconds,
            "tokensPerSecond": job["batch"] * job["sequenceLength"] / seconds,
            "peakResidentBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "torch": torch.__version__,
        }
    )
)
