import { totalmem } from 'node:os';

/** The memory that a run may use unless it says otherwise. In a container its limit counts, not the machine around it. */
export function memoryBudget(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}
