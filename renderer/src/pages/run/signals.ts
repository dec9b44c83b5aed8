import type { LayerEvent } from '../../../../preload/contract/events.ts';
import type { RunEventRecord } from '../../../../preload/contract/runs.ts';

/** A figure that a method tells of each layer whenever its schedule acts. */
export interface Signal {
  /** Its name without Before and After: `quantizationError`. */
  name: string;
  /** The keys under which it is told: one, or before and after. */
  keys: string[];
}

/** Values of one key: a row a layer, a column an event; NaN where nothing was told. */
export interface SignalGrid {
  layers: string[];
  steps: number[];
  /** Row after row. */
  values: Float64Array;
}

const natural = new Intl.Collator('en', { numeric: true });

/** Events that tell of layers, in order. */
export const layerEvents = (events: readonly RunEventRecord[]): RunEventRecord[] =>
  events.filter(({ step, body }) => step !== null && Array.isArray(body.layers) && body.layers.length > 0);

/** The signals of some events, in the order in which they are first told: whatever number the layers carry, by any method. */
export function signalsOf(events: readonly RunEventRecord[]): Signal[] {
  const signals = new Map<string, Set<string>>();
  for (const { body } of events)
    for (const layer of body.layers ?? [])
      for (const [key, value] of Object.entries(layer)) {
        if (typeof value !== 'number') continue;
        const name = key.replace(/(Before|After)$/, '');
        signals.set(name, (signals.get(name) ?? new Set()).add(key));
      }
  // Before is told of first, whatever order the keys came in.
  return [...signals].map(([name, keys]) => ({
    name,
    keys: [...keys].sort((a, b) => Number(a.endsWith('After')) - Number(b.endsWith('After'))),
  }));
}

export function gridOf(events: readonly RunEventRecord[], key: string): SignalGrid {
  const telling = events.filter(({ body }) => body.layers!.some((layer) => typeof layer[key] === 'number'));
  const layers = [...new Set(telling.flatMap(({ body }) => body.layers!.map(({ name }) => name)))].sort(
    natural.compare,
  );
  const row = new Map(layers.map((name, index) => [name, index]));
  const values = new Float64Array(layers.length * telling.length).fill(NaN);
  telling.forEach(({ body }, column) => {
    for (const layer of body.layers!) values[row.get(layer.name)! * telling.length + column] = numberOf(layer, key);
  });
  return { layers, steps: telling.map(({ step }) => step!), values };
}

/** The mean over the layers at each event. */
export function meansOf({ layers, steps, values }: SignalGrid): Float64Array {
  return Float64Array.from(steps, (_, column) => {
    let [sum, count] = [0, 0];
    for (let row = 0; row < layers.length; row++) {
      const value = values[row * steps.length + column]!;
      if (Number.isNaN(value)) continue;
      sum += value;
      count += 1;
    }
    return count === 0 ? NaN : sum / count;
  });
}

/** "3 · q_proj" of "model.layers.3.self_attn.q_proj": what tells layers of one model apart. */
export function shortLayer(name: string): string {
  const parts = name.split('.').filter((part) => !['model', 'layers', 'self_attn', 'mlp', 'weight'].includes(part));
  return parts.join(' · ') || name;
}

/** "Quantization error" of `quantizationError`: for signals that no text is written for. */
export function wordsOf(key: string): string {
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const numberOf = (layer: LayerEvent, key: string): number => {
  const value = layer[key];
  return typeof value === 'number' ? value : NaN;
};
