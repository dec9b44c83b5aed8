import type { SystemInfo } from '../../../../preload/contract/system.ts';

export interface MemoryShare {
  what: 'own' | 'others' | 'free';
  bytes: number;
}

/** The machine's memory as this program's, everybody else's and free. They add up to the whole. */
export function memoryShares({
  memoryBytes,
  freeBytes,
  ownBytes,
}: Pick<SystemInfo, 'memoryBytes' | 'freeBytes' | 'ownBytes'>): MemoryShare[] {
  const free = Math.min(freeBytes, memoryBytes);
  const own = Math.min(ownBytes, memoryBytes - free);
  return [
    { what: 'own', bytes: own },
    { what: 'others', bytes: memoryBytes - free - own },
    { what: 'free', bytes: free },
  ];
}
