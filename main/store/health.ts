import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type Database from 'better-sqlite3';

/**
 * Says that this process has the database open: a file beside it, taken away when it is closed. One that is left over tells the
 * next program that its owner did not end properly.
 * @returns what takes the mark away
 */
export function markOpen(file: string): () => void {
  const mark = markOf(file, process.pid);
  writeFileSync(mark, '');
  return () => rmSync(mark, { force: true });
}

/** Whether a process ended with the database open. Its mark is taken away: the database is looked at once. */
export function endedUncleanly(file: string): boolean {
  const left = marksOf(file).filter((process_) => process_ !== process.pid && !isAlive(process_));
  for (const process_ of left) rmSync(markOf(file, process_), { force: true });
  return left.length > 0;
}

export function isSound(database: Database.Database): boolean {
  try {
    return database.pragma('integrity_check(1)', { simple: true }) === 'ok';
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}

/** Whether SQLite says that the file itself is broken, or no database at all. */
export function isDamage(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code !== undefined && /^SQLITE_(CORRUPT|NOTADB)/.test(code);
}

/** Puts a damaged database out of the way. Answers its new name. */
export function setAside(file: string): string {
  const place = `${file}.damaged-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  for (const part of ['', '-wal', '-shm']) if (existsSync(file + part)) renameSync(file + part, place + part);
  return place;
}

const markOf = (file: string, process_: number): string => `${file}.open-${process_}`;

function marksOf(file: string): number[] {
  const beginning = `${path.basename(file)}.open-`;
  return readdirSync(path.dirname(file))
    .filter((name) => name.startsWith(beginning))
    .map((name) => Number(name.slice(beginning.length)));
}

function isAlive(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
