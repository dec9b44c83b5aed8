import { z } from 'zod';
import { readPassport, writePassport } from '../formats/passport.ts';
import type { Store } from '../store/store.ts';
import { isRunFolder } from './run-folder.ts';

const passport = z.object({
  kind: z.literal('run'),
  /** Of the run: a folder that was begun anew belongs to another one. */
  run: z.string(),
  name: z.string().min(1),
  tags: z.array(z.string()),
  note: z.string(),
  pinned: z.boolean(),
  project: z.object({ id: z.string().min(1), name: z.string().min(1) }),
});

export type RunPassport = z.infer<typeof passport>;

/** Writes what the user says of a run into its folder too, where it has one: with it, nothing is lost when the records are. */
export function keepRunPassport(store: Store, id: string): void {
  const run = store.runs.find(id);
  const project = run && store.projects.find(run.project);
  if (!project || !isRunFolder(run.output)) return;
  const { name, tags, note, pinned } = run;
  const told: RunPassport = {
    kind: 'run',
    run: id,
    name,
    tags,
    note,
    pinned,
    project: { id: project.id, name: project.name },
  };
  try {
    writePassport(run.output, told);
  } catch {
    // A disk that is full or write-protected: the records have it.
  }
}

/** Null where the folder has none of this run that can be read. */
export function readRunPassport(folder: string, run: string): RunPassport | null {
  const { data } = passport.safeParse(readPassport(folder));
  return data?.run === run ? data : null;
}
