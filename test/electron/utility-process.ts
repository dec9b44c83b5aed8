import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import path from 'node:path';

export class UtilityProcess extends EventEmitter {
  readonly #child: ChildProcess;

  constructor(script: string, args: string[]) {
    super();
    this.#child = fork(script, args, {
      serialization: 'advanced',
      execArgv: ['--import', path.join(import.meta.dirname, 'hooks.ts')],
      env: { ...process.env, STANDIN_TYPE: 'utility' },
    });
    this.#child.on('spawn', () => this.emit('spawn'));
    this.#child.on('message', (message) => this.emit('message', message));
    // A signal that ended it is its number here, as waitpid tells.
    this.#child.on('exit', (status) => this.emit('exit', status ?? 9));
  }

  get pid(): number | undefined {
    return this.#child.exitCode === null && this.#child.signalCode === null ? this.#child.pid : undefined;
  }

  postMessage(message: unknown): void {
    this.#child.send(message as object, () => undefined);
  }

  kill(): boolean {
    return this.#child.kill();
  }
}

export const utilityProcess = {
  fork: (script: string, args: string[] = []): UtilityProcess => new UtilityProcess(script, args),
};
