import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Queue, QueueRules } from '../../preload/contract/queue.ts';
import type { Store } from '../store/store.ts';
import type { NoticeHub } from './notices.ts';
import type { QueueGate } from './queue-gate.ts';
import type { RunManager } from './run-manager.ts';

/** The queue as it is seen and arranged. */
export class QueueService {
  readonly #store: Store;
  readonly #manager: RunManager;
  readonly #gate: QueueGate;
  readonly #notices: NoticeHub;

  constructor(store: Store, manager: RunManager, gate: QueueGate, notices: NoticeHub) {
    this.#store = store;
    this.#manager = manager;
    this.#gate = gate;
    this.#notices = notices;
    manager.onQueue(() => this.#tell());
  }

  get(): Queue {
    const waiting = this.#store.runs.waiting();
    const running = this.#manager.training;
    const trains = running === null ? [] : [this.#store.runs.find(running)!];
    return {
      running,
      waiting: waiting.map(({ id }) => id),
      ...this.#store.queue.get(),
      waitsFor: running === null && waiting[0] ? this.#gate.reason(waiting[0]) : null,
      disk: this.#gate.disk([...trains, ...waiting]),
    };
  }

  /** Throws E_STATE for a run that does not wait. @param to place among those that wait, 0 = next */
  move(id: string, to: number): Queue {
    const ids = this.#store.runs.waiting().map((run) => run.id);
    if (!ids.includes(id)) throw new RankwiseError('E_STATE', 'The run does not wait in the queue any more.');
    const others = ids.filter((each) => each !== id);
    for (const [place, each] of others.toSpliced(to, 0, id).entries()) this.#store.runs.update(each, { place });
    return this.#tell();
  }

  hold(held: boolean): Queue {
    this.#store.queue.hold(held);
    this.#manager.look();
    return this.#tell();
  }

  setRules(rules: QueueRules): Queue {
    this.#store.queue.setRules(rules);
    this.#manager.look();
    return this.#tell();
  }

  #tell(): Queue {
    const queue = this.get();
    this.#notices.publish({ topic: 'queue', queue });
    return queue;
  }
}
