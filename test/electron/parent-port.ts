// `process.parentPort` of a utility process, over the channel of a forked one.
import { EventEmitter } from 'node:events';

class ParentPort extends EventEmitter {
  readonly #waiting: unknown[] = [];

  constructor() {
    super();
    process.on('message', (data) => {
      if (this.listenerCount('message') > 0) this.emit('message', { data, ports: [] });
      else this.#waiting.push(data);
    });
    this.on('newListener', (event) => {
      if (event !== 'message') return;
      queueMicrotask(() => {
        for (const data of this.#waiting.splice(0)) this.emit('message', { data, ports: [] });
      });
    });
  }

  postMessage(data: unknown): void {
    process.send!(data);
  }
}

// Electron's processes end with the one that made them.
process.on('disconnect', () => process.exit(0));
Object.assign(process, { parentPort: new ParentPort() });
