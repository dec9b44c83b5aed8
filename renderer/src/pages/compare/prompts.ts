import type { AnsweredPrompt, RunComparison } from '../../../../preload/contract/runs.ts';

const MOST_PROMPTS = 200;

/** Prompts as they are typed, one a line. */
export const promptsOf = (text: string): string[] =>
  [...new Set(text.split('\n').map((line) => line.trim()))].filter((line) => line !== '').slice(0, MOST_PROMPTS);

/** What the runs were asked while they trained: a beginning for the comparison. */
export function promptsOfRuns(settings: RunComparison['settings']): string[] {
  const lists = settings.find(({ setting }) => setting === 'training.samples')?.values ?? [];
  return [...new Set(lists.flatMap((list) => (Array.isArray(list) ? list.map(String) : [])))].slice(0, 8);
}

/** Those first that are answered most differently. */
export const worstFirst = (answers: readonly AnsweredPrompt[]): AnsweredPrompt[] =>
  [...answers].sort((a, b) => b.difference - a.difference);
