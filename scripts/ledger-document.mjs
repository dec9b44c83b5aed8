// The sentences and tables of docs/gpu-step.md.

const common = {
  initialize: 'random',
  targets: 'all-linear',
  device: { backend: 'cpu' },
  storage: { weights: 'nf4', doubleQuantize: true },
  optimizer: { name: 'adamw', learningRate: 1e-3, stateBits: 8, perLayerUpdates: false },
};
const bf16 = { steps: 1000, gradientAccumulation: 1, precision: 'bf16', masterWeights: false, recompute: 'blocks' };
const loqt = { name: 'loqt', rank: 1024, scale: 0.5, interval: 100 };
const dense = { weights: 'dense' };

/** The first is shown in full, the others in one line each. */
export const runs = [
  {
    ...common,
    name: 'llama-7b, LoQT rank 1024',
    model: { preset: 'llama-7b' },
    method: loqt,
    data: { sequenceLength: 256 },
    training: { ...bf16, microBatch: 4 },
  },
  {
    ...common,
    name: 'llama-7b, LoQT rank 1024, per-layer updates',
    model: { preset: 'llama-7b' },
    method: loqt,
    optimizer: { ...common.optimizer, perLayerUpdates: true },
    data: { sequenceLength: 256 },
    training: { ...bf16, microBatch: 4 },
  },
  {
    ...common,
    name: 'llama-13b, LoQT rank 1024, per-layer updates',
    model: { preset: 'llama-13b' },
    method: loqt,
    optimizer: { ...common.optimizer, perLayerUpdates: true },
    data: { sequenceLength: 256 },
    training: { ...bf16, microBatch: 4 },
  },
  {
    ...common,
    name: 'llama-7b, LoQT rank 1024, 4096 tokens a micro-batch',
    model: { preset: 'llama-7b' },
    method: loqt,
    data: { sequenceLength: 256 },
    training: { ...bf16, microBatch: 16 },
  },
  {
    ...common,
    name: 'llama-7b, LoRA rank 16 on NF4',
    model: { preset: 'llama-7b' },
    method: { name: 'lora', rank: 16, alpha: 32 },
    data: { sequenceLength: 256 },
    training: { ...bf16, microBatch: 4 },
  },
  {
    ...common,
    name: 'llama-1b, GaLore rank 512',
    model: { preset: 'llama-1b' },
    method: { name: 'galore', rank: 512, interval: 200 },
    storage: dense,
    data: { sequenceLength: 256 },
    training: { ...bf16, microBatch: 4 },
  },
  {
    ...common,
    name: 'llama-1b, full, 8-bit states',
    model: { preset: 'llama-1b' },
    method: { name: 'full' },
    storage: dense,
    data: { sequenceLength: 256 },
    training: { ...bf16, microBatch: 4 },
  },
];

const cards = ['RTX 4090', 'H100 SXM', 'RTX 5090'];
const gb = (bytes) => (bytes / 1e9).toFixed(bytes < 1e10 ? 2 : 1);
const milliseconds = (seconds) => (seconds * 1e3).toFixed(seconds < 0.1 ? 2 : 0);
const moved = (line) => line.read + line.written;
const table = (head, rows) =>
  [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n') +
  '\n';

function row(name, line) {
  const times = cards.map((card) => milliseconds(line.seconds[card]));
  return [
    name,
    line.calls,
    line.launches,
    gb(line.read),
    gb(line.written),
    gb(line.cached),
    gb(line.floorBytes),
    (line.operations / 1e12).toFixed(2),
    ...times,
  ];
}

/** Every kind of operation of a step, the slowest first, with the total. */
export function ledgerTable(part) {
  const head = [
    'operation',
    'calls',
    'launches',
    'read GB',
    'written GB',
    'in cache GB',
    'floor GB',
    'TFLOP',
    ...cards.map((card) => `${card} ms`),
  ];
  const slowest = [...part.operations].sort((a, b) => b.seconds[cards[0]] - a.seconds[cards[0]]);
  return table(head, [...slowest.map((line) => row(line.operation, line)), row('**total**', part.total)]);
}

function classTable(part) {
  const shares = (line) =>
    cards.map((card) => `${((100 * line.seconds[card]) / part.total.seconds[card]).toFixed(1)} %`);
  const slowest = [...part.classes].sort((a, b) => b.seconds[cards[0]] - a.seconds[cards[0]]);
  const head = ['class', 'launches', 'moved GB', ...cards.map((card) => `of the time on ${card}`)];
  return table(
    head,
    slowest.map((line) => [line.class, line.launches, gb(moved(line)), ...shares(line)]),
  );
}

function summary(ledgers) {
  const head = [
    'run',
    'tokens',
    'plan GiB',
    'launches',
    'moved GB',
    'floor GB',
    'moved / floor',
    ...cards.map((card) => `${card} ms`),
  ];
  return table(
    head,
    ledgers.map(({ run, ledger }) => {
      const { total } = ledger.step;
      const ratio = (moved(total) / total.floorBytes).toFixed(2);
      const times = cards.map((card) => milliseconds(total.seconds[card]));
      return [
        run.name,
        ledger.tokens,
        (ledger.planBytes / 2 ** 30).toFixed(2),
        total.launches,
        gb(moved(total)),
        gb(total.floorBytes),
        ratio,
        ...times,
      ];
    }),
  );
}

/** Everything but the table of kernels. */
export function ledgerSections(ledgers) {
  const [{ run, ledger }] = ledgers;
  return `# A step on a card: the ledger

What the CUDA backend asks of a card in one optimizer step: launches, bytes and operations, and the least time that a card needs for them by
its data sheet. It is how the backend is judged and improved on machines without a card, and it is no measurement: a real step takes longer.
Generated by \`npm run ledger\`; do not edit.

- The operations are those of the training code itself, run on \`meta\` (\`native/ledger\`); what each costs mirrors the CUDA library's host code.
  \`native/cuda/test/ledger_checked_test.cpp\` compares launches (exactly) and bytes (within 2 %; where values decide, 20 %) with what the emulator
  counts, for the whole table of operations and for steps of tiny models.
- **read, written**: bytes between the card's memory and its cache, each byte once a launch. **in cache**: tiles of dequantized weights (32 MiB), and
  what the tiles of one product read again where it and a tile fit 48 MB: the second-level caches hold 72 (4090), 50 (H100) and 96 MB (5090).
- **floor**: bytes that the method's mathematics cannot do without, whatever the program: of each product, norm, gate, attention, loss, sum and
  update the operands once, in the type in which they are stored, and the results once. Copies, fills, conversions and second passes have none.
- **ms**: per operation the slower of bytes ÷ bandwidth and operations ÷ rate, added up. Rates: bf16 products on tensor cores (dense, float32
  accumulation) 165, 989 and 209 TFLOP/s; all else in float32 on ordinary cores, attention too: 83, 67 and 105 TFLOP/s; memory 1.01, 3.35 and
  1.79 TB/s. A launch costs a few microseconds on top where the card runs dry: the number of launches is its own column.
- Eigenproblems are counted with 8 sweeps of rotations; how many there are depends on the numbers.

## Runs

${summary(ledgers)}
## ${run.name}

Micro-batch ${run.training.microBatch} × ${run.data.sequenceLength} tokens, blocks recomputed, bf16, ${run.optimizer.stateBits}-bit states. A plain step:

${ledgerTable(ledger.step)}
${classTable(ledger.step)}
A step with the method’s event (every ${run.method.interval} steps): gradients of all layers, their subspaces, merge and quantization with compensation.

${ledgerTable(ledger.event)}`;
}

/** Registers and memory of the kernels over all their instances and architectures, and the library's size. */
export function kernelSection({ bytes, seconds, kernels, spills }) {
  const families = new Map();
  for (const kernel of kernels) {
    const name = kernel.kernel.replace(/<.*$/, '');
    families.set(name, [...(families.get(name) ?? []), kernel]);
  }
  const most = (list, key) => Math.max(...list.map((kernel) => kernel[key]));
  const least = (list, key) => Math.min(...list.map((kernel) => kernel[key]));
  const rows = [...families].map(([name, list]) => [
    name,
    new Set(list.map((kernel) => kernel.kernel)).size,
    `${least(list, 'registers')}–${most(list, 'registers')}`,
    most(list, 'sharedBytes'),
    most(list, 'stackBytes'),
    most(list, 'spillBytes'),
  ]);
  const architectures = [...new Set(kernels.map((kernel) => kernel.architecture))].join(', ');
  const spilling = spills.length === 0 ? 'No kernel spills registers.' : `${spills.length} instances spill registers.`;
  return `
The library holds ${architectures} and PTX: ${(bytes / 1e6).toFixed(1)} MB with the CUDA runtime inside, built in ${seconds} s on two cores. ${spilling} Registers per
thread and static shared memory as ptxas reports them; attention takes dynamic shared memory besides.

${table(['kernel', 'instances', 'registers', 'shared bytes', 'stack bytes', 'spilled bytes'], rows)}`;
}
