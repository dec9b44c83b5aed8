import { threadId } from 'node:worker_threads';

/** Where a file is written before it has its name. Two programs, or two threads of one, may fill the same cache entry at once. */
export const partOf = (file: string): string => `${file}.${process.pid}.${threadId}.part`;
