import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import type { Task } from '../../preload/contract/tasks.ts';
import type { NoticeHub } from './notices.ts';

/** Tells how far a task is; a new total or title counts from then on. */
export type Progress = (done: number, total?: number | null, title?: string | null) => void;

/** Long work under an id that its asker chose: its progress is told as notices, and it can be cancelled by that id. */
export class TaskService {
  readonly #notices: NoticeHub;
  readonly #running = new Map<string, { task: Task; controller: AbortController }>();

  constructor(notices: NoticeHub) {
    this.#notices = notices;
  }

  /**
   * Does the work and resolves to what it resolves to. A work that ends with an error after it was cancelled ends with
   * E_CANCELLED, whatever it threw; one that ignores the signal and succeeds has succeeded. Throws E_TASK for an id that is taken.
   */
  async run<T>(
    id: string,
    title: string,
    unit: Task['unit'],
    work: (progress: Progress, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#running.has(id)) throw new RankwiseError('E_TASK', `A task “${id}” is already going on.`);
    const controller = new AbortController();
    const task: Task = { id, title, state: 'running', done: 0, total: null, unit, error: null };
    this.#running.set(id, { task, controller });
    this.#tell(task);
    const progress: Progress = (done, total, told) => {
      task.done = done;
      if (total !== undefined) task.total = total;
      if (told) task.title = told;
      this.#tell(task);
    };
    try {
      const value = await work(progress, controller.signal);
      task.state = 'done';
      return value;
    } catch (error) {
      const cancelled = controller.signal.aborted || reportOf(error).code === 'E_CANCELLED';
      task.state = cancelled ? 'cancelled' : 'failed';
      const told = cancelled ? new RankwiseError('E_CANCELLED', `${title}: cancelled.`) : error;
      task.error = reportOf(told);
      throw told;
    } finally {
      this.#running.delete(id);
      this.#tell(task);
    }
  }

  /** What goes on now, in the order of beginning. */
  list(): Task[] {
    return [...this.#running.values()].map(({ task }) => ({ ...task }));
  }

  /** Asks a task to end; one that is over already is no error. */
  cancel(id: string): void {
    this.#running.get(id)?.controller.abort();
  }

  cancelAll(): void {
    for (const { controller } of this.#running.values()) controller.abort();
  }

  #tell(task: Task): void {
    this.#notices.publish({ topic: 'task', task: { ...task } });
  }
}
