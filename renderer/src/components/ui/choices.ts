/** An entry of a Select, Combobox, Segmented or RadioCards. */
export interface Choice<T extends string = string> {
  value: T;
  label: string;
  /** A quiet second line or figure. */
  hint?: string;
  /** Why it cannot be chosen; empty or absent = it can. */
  why?: string;
  /** Choices of one group stand under its name. */
  group?: string;
}

/** Choices in their order, gathered by group; those without one come first. */
export function grouped<T extends string>(choices: readonly Choice<T>[]): { name: string; choices: Choice<T>[] }[] {
  const groups = new Map<string, Choice<T>[]>([['', []]]);
  for (const choice of choices) {
    const name = choice.group ?? '';
    groups.set(name, [...(groups.get(name) ?? []), choice]);
  }
  return [...groups].map(([name, choices]) => ({ name, choices })).filter(({ choices }) => choices.length > 0);
}
