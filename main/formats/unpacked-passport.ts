import { z } from 'zod';

const shape = z.object({ unpacked: z.object({ file: z.string().min(1), types: z.record(z.string(), z.number()) }) });

/** What the passport of a folder that was made of a GGUF file says: the file's name, and how many of its tensors had which type. */
export type Unpacked = z.infer<typeof shape>['unpacked'];

export const unpackedPassport = (unpacked: Unpacked): object => ({ kind: 'model', unpacked });

/** Null for a passport of something else. */
export const unpackedOf = (passport: unknown): Unpacked | null => shape.safeParse(passport).data?.unpacked ?? null;
