import type { TrainEvent } from '../../preload/contract/events.ts';
import type { RunJob } from '../engine/host.ts';
import type { ComposedRun } from './run-composer.ts';

/** A composed run as the engine takes it. @param runId "" for a plan */
export function jobOf<Kind extends 'plan' | 'train'>(
  kind: Kind,
  { run, tokens, samples }: ComposedRun,
  runId: string,
  resume: boolean,
): RunJob<Kind> {
  return {
    kind,
    run,
    runId,
    tokens,
    outputDir: run.output,
    resume,
    samples,
    sampleTokens: run.training.sampleTokens,
  };
}

type Before = Extract<TrainEvent, { type: 'start' }>['before'];

/** An event with what the engine does not know: the record's id, what a fork's parent had trained `before`, and letters. */
export function complete(event: TrainEvent, id: string, composed: ComposedRun, before: Before): TrainEvent {
  if (event.type === 'start') return { ...event, run: id, ...(before && { before }) };
  if (event.type === 'sample' && event.ids) return { ...event, text: composed.tokenizer().decode(event.ids) };
  return event;
}
