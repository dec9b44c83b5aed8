import { fork } from 'node:child_process';
import type { FromEngine } from './engine-process-messages.ts';
import type { EngineLauncher } from './utility-host.ts';

/** Starts the engine's process with Node's own fork: for the browser's door and for tests. */
export function forkEngine(entry: string, addon: string): EngineLauncher {
  return (listener) => {
    const child = fork(entry, [addon], { serialization: 'advanced', execArgv: [] });
    child.on('message', (message) => listener.onMessage(message as FromEngine));
    child.on('exit', (status, signal) => listener.onExit(signal ? `signal ${signal}` : `status ${status}`));
    child.on('error', (error) => {
      if (child.pid === undefined) listener.onExit(error.message);
    });
    return {
      get pid() {
        return child.pid;
      },
      // A channel that has just closed is no news: the exit that follows tells.
      send: (message) => void child.send(message, () => undefined),
      kill: () => void child.kill('SIGKILL'),
    };
  };
}
