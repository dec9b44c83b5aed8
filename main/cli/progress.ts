import type { TrainEvent } from '../../preload/contract/events.ts';
import { bar, sparkline } from './chart.ts';
import { bytes, duration, figure, whole } from '../../preload/contract/figures.ts';

const PLAIN_EVERY_MS = 5000;
const DRAW_EVERY_MS = 80;
const NARROWEST_CURVE = 6;
const WIDEST_CURVE = 32;
/** No time is promised before so many steps have shown how long one takes. */
const STEPS_BEFORE_ESTIMATE = 5;

/** A run on standard error while it goes on: one living line on a terminal, else a plain line every few seconds. */
export class TrainingProgress {
  readonly #steps: number;
  readonly #label: string;
  readonly #terminal = process.stderr.isTTY;
  readonly #losses: number[] = [];
  #peak = 0;
  #plan = 0;
  #drawnAt = 0;
  #drawn = false;
  #line = '';

  /** @param label begins every line; "" for none */
  constructor(steps: number, label = '') {
    this.#steps = steps;
    this.#label = label ? `${label}  ` : '';
  }

  take(event: TrainEvent): void {
    if (event.type === 'start') this.#plan = event.plan.planBytes;
    else if (event.type === 'memory') this.#peak = event.peakBytes;
    else if (event.type === 'step') this.#step(event);
    else if (event.type === 'eval') {
      this.#tell(`step ${event.step}  evaluation loss ${figure(event.loss)}, perplexity ${figure(event.perplexity)}`);
    } else if (event.type === 'event')
      this.#tell(`step ${event.step + 1}  ${event.kind} of ${event.layers.length} layers${errorsOf(event)}`, true);
    else if (event.type === 'sample')
      this.#tell(`step ${event.step}  “${event.prompt}” → ${JSON.stringify(event.text)}`);
    else if (event.type === 'warning') this.#tell(`${event.code}: ${event.message} ${event.hint}`.trimEnd());
  }

  /** Leaves the last state standing. */
  finish(): void {
    if (this.#terminal && this.#line) this.#draw();
    if (this.#drawn) process.stderr.write('\n');
    this.#drawn = false;
    this.#line = '';
  }

  #step(event: Extract<TrainEvent, { type: 'step' }>): void {
    const done = event.step + 1;
    this.#losses.push(event.loss);
    const left =
      this.#losses.length >= STEPS_BEFORE_ESTIMATE
        ? (this.#steps - done) * (event.tokens / event.tokensPerSecond)
        : NaN;
    const peak = this.#peak === this.#plan ? 'as planned' : `of ${bytes(this.#plan)} planned`;
    const memory = this.#peak > 0 ? `${bytes(this.#peak)} ${peak}` : `${bytes(this.#plan)} planned`;
    const figures = [
      `loss ${figure(event.loss)}`,
      `${whole(event.tokensPerSecond)} tokens/s`,
      memory,
      ...(Number.isFinite(left) && left > 0 ? [`${duration(left)} left`] : []),
    ].join('  ');
    const count = `step ${done}/${this.#steps}`;
    this.#line = `${this.#label}${this.#terminal ? `${bar(done / this.#steps, 12)} ` : ''}${count}  ${figures}`;
    const now = Date.now();
    if (now - this.#drawnAt < (this.#terminal ? DRAW_EVERY_MS : PLAIN_EVERY_MS)) return;
    this.#drawnAt = now;
    if (this.#terminal) this.#draw();
    else process.stderr.write(`${this.#line}\n`);
  }

  /** A line of its own; what is only of interest in passing is left out where lines are kept (logs). */
  #tell(text: string, passing = false): void {
    if (passing && !this.#terminal) return;
    if (this.#drawn) process.stderr.write('\r\x1b[K');
    this.#drawn = false;
    process.stderr.write(`${this.#label}${text}\n`);
  }

  // The curve takes what the figures leave of the line.
  #draw(): void {
    const columns = Math.max(20, (process.stderr.columns || 80) - 1);
    const left = Math.min(WIDEST_CURVE, columns - [...this.#line].length - 2);
    const curve = left >= NARROWEST_CURVE ? `  ${sparkline(this.#losses, left)}` : '';
    process.stderr.write(`\r\x1b[K${[...(this.#line + curve)].slice(0, columns).join('')}`);
    this.#drawn = true;
  }
}

function errorsOf(event: Extract<TrainEvent, { type: 'event' }>): string {
  const mean = (key: 'quantizationErrorBefore' | 'quantizationErrorAfter'): number => {
    const values = event.layers.flatMap((layer) => layer[key] ?? []);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const before = mean('quantizationErrorBefore');
  const after = mean('quantizationErrorAfter');
  return Number.isFinite(after) ? `, quantization error ${figure(before)} → ${figure(after)}` : '';
}
