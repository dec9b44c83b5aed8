import type Database from 'better-sqlite3';

/** A run that may have left something that the library does not know yet. */
export interface UnlistedRun {
  id: string;
  name: string;
  output: string;
  endedAt: number;
}

/** Runs that have ended with a result and have no row of their id in the library. */
export function unlistedRuns(database: Database.Database, library: 'models' | 'adapters'): UnlistedRun[] {
  return database
    .prepare(
      `SELECT id, name, output, COALESCE(ended_at, created_at) AS endedAt FROM runs
       WHERE state IN ('finished', 'stopped') AND id NOT IN (SELECT id FROM ${library}) ORDER BY id`,
    )
    .all() as UnlistedRun[];
}
