import type { RunEventRecord } from '../../../../preload/contract/runs.ts';
import { figure, shortHash } from '../../format.ts';
import { t } from '../../i18n.ts';
import { kindName, signalName } from './signal-text.ts';
import { gridOf, meansOf, signalsOf } from './signals.ts';

export interface LogLine {
  id: number;
  at: number | null;
  step: number | null;
  tone: 'plain' | 'caution' | 'danger';
  text: string;
  /** A second, quieter sentence. */
  more: string;
}

/** An event in words. */
export function logLine(event: RunEventRecord): LogLine {
  const { id, at, step, kind, body } = event;
  const line = (text: string, more = '', tone: LogLine['tone'] = 'plain'): LogLine => ({
    id,
    at,
    step,
    tone,
    text,
    more,
  });
  if (kind === 'warning') return line(body.message ?? kind, body.hint, 'caution');
  if (kind === 'checkpoint') return line(t('run.log.checkpoint'), shortHash(textOf(body['hash'])));
  if (kind === 'sample') return line(t('run.log.sample', { prompt: body.prompt ?? '' }), body.text ?? '');
  if (kind === 'state') {
    const state = textOf(body['state']);
    return line(body.message || t(`ui.state.${state}`), '', state === 'failed' ? 'danger' : 'plain');
  }
  if (body.layers) return line(kindName(kind), told(event));
  return line(body.message ?? kind);
}

/** The means over its layers: "quantizationError 0.089 → 0.066". */
function told(event: RunEventRecord): string {
  const means = signalsOf([event]).map(({ name, keys }) => {
    const values = keys.map((key) => figure(meansOf(gridOf([event], key))[0]));
    return `${signalName(name)} ${values.join(' → ')}`;
  });
  return [t('run.log.layers', { n: event.body.layers!.length }, event.body.layers!.length), ...means].join(', ');
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
