import type { Method, MethodParameter } from '../../../../preload/contract/methods.ts';

/** A setting of the run file as a form shows it. */
export interface Setting {
  /** Where it stands in the run file: "training.steps". */
  path: string;
  kind: 'integer' | 'number' | 'boolean' | 'choice' | 'string';
  /** Words from the registry; a setting without them has its own in the locale, under `key`. */
  key?: string;
  label?: string;
  help?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  step?: number;
  decades?: boolean;
  unit?: string;
  choices?: readonly string[];
  /** Can be turned off (null); the value that it has when it is turned on again. */
  off?: number;
  /** Changes what the run takes. */
  memory?: boolean;
}

const integer = (path: string, more: Partial<Setting> = {}): Setting => of('integer', path, { minimum: 0, ...more });
const number = (path: string, more: Partial<Setting> = {}): Setting => of('number', path, { minimum: 0, ...more });
const boolean = (path: string, more: Partial<Setting> = {}): Setting => of('boolean', path, more);
const choice = (path: string, choices: readonly string[], more: Partial<Setting> = {}): Setting =>
  of('choice', path, { choices, ...more });

function of(kind: Setting['kind'], path: string, more: Partial<Setting>): Setting {
  return { kind, path, key: path.split('.').at(-1)!, ...more };
}

export const SEQUENCE: Setting = integer('data.sequenceLength', { minimum: 2, step: 64, memory: true });
export const DATA_MORE: readonly Setting[] = [boolean('data.packing'), boolean('data.shuffle')];

/** What most runs change. */
export const TRAINING: readonly Setting[] = [
  integer('training.steps', { minimum: 1, step: 100 }),
  number('optimizer.learningRate', { decades: true }),
  integer('training.microBatch', { minimum: 1, memory: true }),
  integer('training.gradientAccumulation', { minimum: 1, memory: true }),
];

/** The rest, under headings of their own. */
export const GROUPS: readonly { key: string; settings: readonly Setting[] }[] = [
  {
    key: 'schedule',
    settings: [
      choice('schedule.name', ['constant', 'linear', 'cosine'], { key: 'schedule' }),
      integer('schedule.warmupSteps', { step: 10 }),
      number('schedule.minimumRatio', { maximum: 1, step: 0.05 }),
    ],
  },
  {
    key: 'optimizer',
    settings: [
      choice('optimizer.stateBits', ['32', '16', '8'], { memory: true }),
      boolean('optimizer.perLayerUpdates', { memory: true }),
      number('optimizer.weightDecay', { step: 0.01 }),
      number('optimizer.beta1', { maximum: 0.9999, step: 0.01 }),
      number('optimizer.beta2', { maximum: 0.99999, step: 0.001 }),
      number('optimizer.epsilon', { minimum: 1e-16, decades: true }),
      number('training.clipNorm', { step: 0.1, off: 1 }),
    ],
  },
  {
    key: 'memory',
    settings: [
      choice('training.recompute', ['auto', 'none', 'blocks'], { memory: true }),
      choice('training.precision', ['bf16', 'f32'], { memory: true }),
      boolean('training.masterWeights', { memory: true }),
      boolean('storage.doubleQuantize', { memory: true }),
    ],
  },
  {
    key: 'keeping',
    settings: [
      integer('training.evalEvery', { step: 10 }),
      integer('training.evalBatches', { minimum: 1, off: 20 }),
      integer('training.earlyStopping.patience', { minimum: 1, off: 5 }),
      integer('training.checkpointEvery', { step: 50 }),
      integer('training.keepCheckpoints', { minimum: 1 }),
      integer('training.seed'),
    ],
  },
];

/** A method's own settings, in the registry's words. */
export function methodSettings({ parameters }: Method): Setting[] {
  return parameters.map(({ name, help, ...parameter }: MethodParameter) => ({
    path: `method.${name}`,
    label: worded(name),
    help,
    kind: parameter.type,
    default: parameter.default,
    memory: parameter.type !== 'string',
    ...(parameter.minimum === undefined ? {} : { minimum: parameter.minimum }),
    ...(parameter.maximum === undefined ? {} : { maximum: parameter.maximum }),
    ...(parameter.choices === undefined ? {} : { choices: parameter.choices }),
    ...(parameter.unit === undefined ? {} : { unit: parameter.unit }),
    ...(parameter.type === 'number' ? { decades: true } : {}),
  }));
}

/** Where the weights lie, out of what the method can train on. */
export function storageSetting({ storages, defaultStorage }: Method): Setting | null {
  if (storages.length < 2) return null;
  return choice('storage.weights', storages, { default: defaultStorage, memory: true });
}

/** "quantizeProjector" → "Quantize projector". */
export function worded(name: string): string {
  const words = name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Values next to one, worth comparing what they cost: half and double, the other choices, the other way. */
export function neighbours(
  { kind, choices, minimum = -Infinity, maximum = Infinity }: Setting,
  now: unknown,
): unknown[] {
  if (kind === 'boolean') return [!now];
  if (kind === 'choice') return (choices ?? []).filter((value) => value !== String(now)).slice(0, 3);
  if (typeof now !== 'number' || now <= 0) return [];
  return [now / 2, now * 2].filter(
    (value) => value >= minimum && value <= maximum && (kind !== 'integer' || Number.isInteger(value)),
  );
}

/** Choices are text in a form; bits are numbers in the run file. */
export const storedValue = ({ path }: Setting, value: unknown): unknown =>
  path === 'optimizer.stateBits' ? Number(value) : value;
