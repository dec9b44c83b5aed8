import type { RunEventRecord } from '../../../../preload/contract/runs.ts';

/** What a run wrote to one prompt, newest first. */
export interface PromptSamples {
  prompt: string;
  samples: { id: number; step: number | null; text: string }[];
}

export function samplesByPrompt(events: readonly RunEventRecord[]): PromptSamples[] {
  const prompts = new Map<string, PromptSamples['samples']>();
  for (const { id, step, kind, body } of events) {
    if (kind !== 'sample' || body.prompt === undefined) continue;
    const known = prompts.get(body.prompt) ?? [];
    known.unshift({ id, step, text: body.text ?? '' });
    prompts.set(body.prompt, known);
  }
  return [...prompts].map(([prompt, samples]) => ({ prompt, samples }));
}
