import type Database from 'better-sqlite3';

export interface ProjectRecord {
  id: string;
  name: string;
  createdAt: number;
  changedAt: number;
}

/** Where runs of the command line belong. */
export const TERMINAL_PROJECT: Pick<ProjectRecord, 'id' | 'name'> = { id: 'terminal', name: 'Terminal' };

const COLUMNS = 'id, name, created_at AS createdAt, changed_at AS changedAt';

export class ProjectRepository {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Last changed first. */
  list(): ProjectRecord[] {
    return this.#database
      .prepare(`SELECT ${COLUMNS} FROM projects ORDER BY changed_at DESC, id`)
      .all() as ProjectRecord[];
  }

  find(id: string): ProjectRecord | undefined {
    return this.#database.prepare(`SELECT ${COLUMNS} FROM projects WHERE id = ?`).get(id) as ProjectRecord | undefined;
  }

  /** One that is there already stays as it is. */
  insert(project: Omit<ProjectRecord, 'changedAt'>): void {
    this.#database
      .prepare('INSERT OR IGNORE INTO projects (id, name, created_at, changed_at) VALUES (?, ?, ?, ?)')
      .run(project.id, project.name, project.createdAt, project.createdAt);
  }

  rename(id: string, name: string): void {
    this.#database.prepare('UPDATE projects SET name = ? WHERE id = ?').run(name, id);
  }

  /** Something of the project has changed. */
  touch(id: string, at: number): void {
    this.#database.prepare('UPDATE projects SET changed_at = max(changed_at, ?) WHERE id = ?').run(at, id);
  }

  /** Takes its runs with it. */
  delete(id: string): void {
    this.#database.prepare('DELETE FROM projects WHERE id = ?').run(id);
  }
}
