import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { bundledTexts } from '../../main/paths.ts';
import type { TrainDone, TrainEvent } from '../../preload/contract/events.ts';

const cli = path.resolve(import.meta.dirname, '../../main/cli.ts');

export interface Finished {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The command line as its own process, with records of its own in a folder that is gone afterwards. */
export class Terminal {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'rankwise-terminal-'));

  file(name: string, content: string | Buffer): string {
    const full = path.join(this.folder, name);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, content);
    return full;
  }

  json<T>(name: string): T {
    return JSON.parse(readFileSync(path.join(this.folder, name), 'utf8')) as T;
  }

  /** Starts a command; `onLine` gets the lines of standard output as they come, `onStart` the process at once. */
  start(
    args: readonly string[],
    onLine?: (line: string, child: ChildProcess) => void,
    onStart?: (child: ChildProcess) => void,
  ): Promise<Finished> {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd: this.folder,
      env: { ...process.env, RANKWISE_HOME: path.join(this.folder, 'home') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onStart?.(child);
    let [stdout, stderr, rest] = ['', '', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) onLine?.(line, child);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return new Promise((resolve) => child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr })));
  }

  /** Runs a command with --json that must succeed; resolves to its document. */
  async ask<T>(...args: string[]): Promise<T> {
    const { status, stdout, stderr } = await this.start([...args, '--json']);
    if (status !== 0) throw new Error(`rankwise ${args.join(' ')} ended with ${status}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Trains (or resumes) to the end; resolves to the events. */
  async events(...args: string[]): Promise<TrainEvent[]> {
    const { status, stdout, stderr } = await this.start([...args, '--json']);
    if (status !== 0) throw new Error(`rankwise ${args.join(' ')} ended with ${status}: ${stderr}`);
    return eventsOf(stdout);
  }

  /** A run file over a small model that begins with random weights and a piece of the bundled novel. */
  runFile(name: string, more: { training?: object; data?: object; [key: string]: unknown } = {}): string {
    this.file('blank/config.json', JSON.stringify(smallConfig));
    this.file('novel.txt', novel.slice(0, 60_000));
    const run = {
      model: { path: 'blank' },
      initialize: 'random',
      method: { name: 'full' },
      optimizer: { learningRate: 3e-3 },
      output: `out/${name}`,
      ...more,
      data: { train: 'novel.txt', eval: { fraction: 0.1 }, sequenceLength: 32, ...more.data },
      training: { steps: 8, microBatch: 4, evalEvery: 4, checkpointEvery: 3, ...more.training },
    };
    return this.file(`${name}.json`, JSON.stringify(run));
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const novel = gunzipSync(readFileSync(path.join(bundledTexts, 'moby-dick.txt.gz'))).toString('utf8');

const smallConfig = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 320,
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 128,
  rms_norm_eps: 1e-6,
  rope_theta: 10000,
  hidden_act: 'silu',
  initializer_range: 0.02,
  tie_word_embeddings: false,
};

export function eventsOf(stdout: string): TrainEvent[] {
  return stdout
    .split('\n')
    .filter((line) => line.length > 0)
    .map((line) => JSON.parse(line) as TrainEvent);
}

export function ofType<T extends TrainEvent['type']>(
  events: readonly TrainEvent[],
  type: T,
): Extract<TrainEvent, { type: T }>[] {
  return events.filter((event): event is Extract<TrainEvent, { type: T }> => event.type === type);
}

export function doneOf(events: readonly TrainEvent[]): TrainDone {
  const done = events.at(-1);
  if (done?.type !== 'done') throw new Error(`the run ended with ${JSON.stringify(done)}`);
  return done;
}
