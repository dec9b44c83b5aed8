import type { EngineHost } from './engine/host.ts';
import { InProcessHost } from './engine/inprocess.ts';
import type { Paths } from './paths.ts';
import { MethodService } from './services/methods.ts';
import { SystemService } from './services/system.ts';
import { type Store } from './store/store.ts';

/** Everything that a door (terminal, desktop, browser) can reach. */
export interface App {
  system: SystemService;
  methods: MethodService;
  close(): Promise<void>;
}

/** Puts paths, records and engine together. `engine` is given where it does not live in this process. */
export function createApp(paths: Paths, engine: EngineHost = new InProcessHost(paths.addon)): App {
  let opened: Promise<Store> | undefined;
  return {
    system: new SystemService(engine, paths.home),
    methods: new MethodService(engine),
    async close() {
      (await opened)?.close();
      opened = undefined;
    },
  };
}
