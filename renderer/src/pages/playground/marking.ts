/** What is marked in the answers: words that differ from the first pane's, or how sure the model was of each token. */
export type Marking = 'none' | 'differences' | 'certainty';

/** Three shades are told apart at a glance; more are not. */
export type Certainty = 'sure' | 'unsure' | 'guess';

export function certaintyOf(probability: number): Certainty {
  if (probability >= 0.5) return 'sure';
  return probability >= 0.1 ? 'unsure' : 'guess';
}
