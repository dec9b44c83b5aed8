import type { Api } from './api.ts';

/** IPC channels of the desktop: a call, a file that was dropped, and what main tells unasked. */
export const CHANNELS = { call: 'rankwise:call', admit: 'rankwise:admit', notice: 'rankwise:notice' } as const;

export type Noun = keyof Api;

/** The calls of a noun. A call that the contract lacks, or one of the contract that is missing here, is a type error. */
type Calls<N extends Noun> = { readonly [M in keyof Api[N]]: true };

/** Every call that there is: what is not named here cannot be asked for through any door. */
export const CALLS: { readonly [N in Noun]: Calls<N> } = {
  projects: { list: true, create: true, rename: true, remove: true },
  files: { pick: true, browse: true, save: true, reveal: true },
  datasets: {
    list: true,
    get: true,
    import: true,
    refresh: true,
    update: true,
    remove: true,
    preview: true,
    xray: true,
  },
  exports: { plan: true, gguf: true, list: true },
  models: {
    list: true,
    card: true,
    sample: true,
    add: true,
    inspectGguf: true,
    unpackGguf: true,
    rename: true,
    remove: true,
    fits: true,
  },
  hub: {
    connection: true,
    keepToken: true,
    forgetToken: true,
    search: true,
    inspect: true,
    download: true,
    unfinished: true,
    resume: true,
    discard: true,
  },
  methods: { registry: true },
  runs: {
    list: true,
    get: true,
    events: true,
    series: true,
    parse: true,
    read: true,
    plan: true,
    solve: true,
    start: true,
    pause: true,
    resume: true,
    checkpoint: true,
    stop: true,
    discard: true,
    update: true,
    remove: true,
    fork: true,
    reproduce: true,
    compare: true,
    answers: true,
    shareComparison: true,
    report: true,
  },
  queue: { get: true, move: true, hold: true, setRules: true },
  adapters: { list: true, import: true, export: true, bake: true, rename: true, remove: true, norms: true },
  playground: { generate: true, cancel: true },
  sample: { start: true },
  tasks: { list: true, cancel: true },
  system: {
    info: true,
    settings: true,
    change: true,
    storage: true,
    clean: true,
    selftest: true,
    rescan: true,
    close: true,
    openLink: true,
  },
};
