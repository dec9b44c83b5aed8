import { utilityProcess } from 'electron';
import type { FromEngine } from '../engine/engine-process-messages.ts';
import type { EngineLauncher } from '../engine/utility-host.ts';

/** Starts the engine's process as one of Electron's own. */
export function utilityEngine(entry: string, addon: string): EngineLauncher {
  return (listener) => {
    const child = utilityProcess.fork(entry, [addon], { serviceName: 'Rankwise engine' });
    child.on('message', (message: FromEngine) => listener.onMessage(message));
    child.on('exit', (status) => listener.onExit(`status ${status}`));
    return {
      get pid() {
        return child.pid;
      },
      send: (message) => child.postMessage(message),
      kill: () => void child.kill(),
    };
  };
}
