import type { Notice } from '../../preload/contract/notices.ts';
import { joinMetrics } from './metric-notices.ts';

export type NoticeListener = (notice: Notice) => void;

/** Twenty times a second is as often as a screen can show something new. */
const EVERY_MS = 50;

interface Channel {
  waiting: Notice[];
  timer: NodeJS.Timeout | undefined;
}

/**
 * What the services tell whoever listens: windows, browser tabs, the terminal. Notices of the same run, task, memory or answer are held
 * back so that each is told at most twenty times a second: of a state only the newest is told, of metrics all of them in one.
 * Everything else goes out at once. Listeners must not throw.
 */
export class NoticeHub {
  readonly #listeners = new Set<NoticeListener>();
  readonly #channels = new Map<string, Channel>();

  /** @returns what ends the listening */
  subscribe(listener: NoticeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(notice: Notice): void {
    const key = channelOf(notice);
    if (key === undefined) return this.#tell(notice);
    const channel = this.#channels.get(key);
    if (!channel) {
      this.#channels.set(key, { waiting: [], timer: this.#wait(key) });
      return this.#tell(notice);
    }
    channel.waiting.push(notice);
    // An end is not kept waiting: what asked for it may be answered before.
    if (isLast(notice)) this.#release(key, channel);
  }

  /** Tells what is held back. */
  flush(): void {
    for (const [key, channel] of this.#channels) this.#release(key, channel);
  }

  #release(key: string, channel: Channel): void {
    clearTimeout(channel.timer);
    this.#channels.delete(key);
    if (channel.waiting.length === 0) return;
    this.#channels.set(key, { waiting: [], timer: this.#wait(key) });
    this.#tell(joined(channel.waiting));
  }

  #wait(key: string): NodeJS.Timeout {
    return setTimeout(() => {
      const channel = this.#channels.get(key);
      if (channel) this.#release(key, channel);
    }, EVERY_MS).unref();
  }

  #tell(notice: Notice): void {
    for (const listener of [...this.#listeners]) listener(notice);
  }
}

function channelOf(notice: Notice): string | undefined {
  if (notice.topic === 'run') return `run ${notice.run.id}`;
  if (notice.topic === 'task') return `task ${notice.task.id}`;
  if (notice.topic === 'metrics' || notice.topic === 'memory') return `${notice.topic} ${notice.run}`;
  if (notice.topic === 'answer') return `answer ${notice.task} ${notice.prompt} ${notice.run}`;
  return undefined;
}

function isLast(notice: Notice): boolean {
  if (notice.topic === 'task') return notice.task.state !== 'running';
  return notice.topic === 'run' && notice.run.state !== 'running';
}

function joined(notices: Notice[]): Notice {
  const metrics = notices.filter((notice) => notice.topic === 'metrics');
  return metrics.length > 1 ? joinMetrics(metrics) : notices.at(-1)!;
}
