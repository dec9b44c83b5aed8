/**
 * The ten looks of a run. Colour alone never tells runs apart: each has its own dash as well (lengths in CSS pixels, empty = solid),
 * the first five dashes being the most different.
 */
const DASHES: readonly (readonly number[])[] = [
  [],
  [6, 3],
  [1.5, 3],
  [9, 3, 1.5, 3],
  [3, 3],
  [12, 4],
  [6, 3, 1.5, 3, 1.5, 3],
  [1.5, 6],
  [14, 3, 3, 3],
  [4, 6],
];

export const RUN_LOOKS = DASHES.length;

/** Token of the colour of the run at a place; places count from 0 and go round after ten. */
export const runToken = (place: number): string => `run-${(place % RUN_LOOKS) + 1}`;
export const runColour = (place: number): string => `var(--${runToken(place)})`;
export const runDash = (place: number): readonly number[] => DASHES[place % RUN_LOOKS]!;

/** The planner's categories in the order in which a memory bar stacks them: what stays is first, what comes and goes is last. */
export const MEMORY_CATEGORIES = [
  'weights',
  'deltas',
  'gradients',
  'optimizer',
  'activations',
  'workspace',
  'events',
  'cache',
] as const;

export const memoryColour = (category: string): string =>
  (MEMORY_CATEGORIES as readonly string[]).includes(category) ? `var(--memory-${category})` : 'var(--ink-faint)';
