import { MEMORY_CATEGORIES } from './palette.ts';

export interface MemoryPart {
  category: string;
  bytes: number;
}

/** Categories in the order of the bar; what the planner knows and this list does not comes last, by name. */
export function memoryParts(byCategory: Record<string, number>): MemoryPart[] {
  const order = (category: string): number => {
    const index = (MEMORY_CATEGORIES as readonly string[]).indexOf(category);
    return index < 0 ? MEMORY_CATEGORIES.length : index;
  };
  return Object.entries(byCategory)
    .filter(([, bytes]) => bytes > 0)
    .map(([category, bytes]) => ({ category, bytes }))
    .sort((a, b) => order(a.category) - order(b.category) || a.category.localeCompare(b.category));
}
