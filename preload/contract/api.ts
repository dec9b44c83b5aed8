import type { AdapterSummary } from './adapters.ts';
import type { DatasetDetails, DatasetSummary, Mapping, Preview, Rendering, Xray } from './datasets.ts';
import type { ErrorReport } from './errors.ts';
import type { GgufPlan, GgufReceipt, GgufType, KeptExport } from './exports.ts';
import type { GgufContents, UnpackedDtype } from './gguf-files.ts';
import type { HubConnection, HubInspection, HubModel, UnfinishedDownload } from './hub.ts';
import type { Listing, PickedFile, PickPurpose } from './files.ts';
import type { Registry } from './methods.ts';
import type { Fit, ModelCard, ModelSummary, TemplateSample } from './models.ts';
import type { Notice } from './notices.ts';
import type { PaneResult, PlaygroundRequest } from './playground.ts';
import type { Project } from './projects.ts';
import type { Queue, QueueRules } from './queue.ts';
import type { RunFile } from './run-file.ts';
import type {
  AnsweredPrompt,
  BudgetOption,
  MetricKey,
  PlannedRun,
  RunComparison,
  RunDetails,
  RunEventRecord,
  RunSummary,
  Series,
} from './runs.ts';
import type { Rescan, SelftestReport, Settings, StorageUse, SystemInfo } from './system.ts';
import type { Task } from './tasks.ts';

/** A run file as a screen writes it: what is left out gets its default when it is parsed. */
export type RunDraft = Record<string, unknown>;

/**
 * Everything that the screens can ask of the program: desktop and browser use the same. Calls that take a `task` are long: they
 * tell their progress under that id, can be cancelled by it (they then fail with E_CANCELLED), and answer when they are done.
 */
export interface Api {
  projects: {
    list(): Promise<Project[]>;
    create(input: { name: string }): Promise<Project>;
    rename(input: { id: string; name: string }): Promise<Project>;
    /** Its runs' records go too, and with `files` their folders. Throws E_BUSY while one of them trains. */
    remove(input: { id: string; files: boolean }): Promise<void>;
  };
  files: {
    /** The operating system's dialog; null where it was closed. Only on the desktop (E_NO_DIALOG in the browser: use `browse`). */
    pick(input: { purpose: PickPurpose }): Promise<PickedFile | null>;
    /** What is in a folder; null = the home folder. */
    browse(input: { handle: string | null; purpose: PickPurpose }): Promise<Listing>;
    /** Asks where to and writes a text file; null where the dialog was closed. Only on the desktop. */
    save(input: { name: string; text: string }): Promise<PickedFile | null>;
    /** Shows something in the file manager. Only on the desktop. */
    reveal(input: { kind: 'run' | 'model' | 'adapter' | 'dataset' | 'home'; id: string }): Promise<void>;
  };
  datasets: {
    list(): Promise<DatasetSummary[]>;
    get(input: { id: string }): Promise<DatasetDetails>;
    import(input: { handle: string; task: string }): Promise<DatasetDetails>;
    /** Takes in what has changed in the file, as a new version. */
    refresh(input: { id: string; task: string }): Promise<DatasetDetails>;
    update(input: {
      id: string;
      name?: string;
      mapping?: Mapping;
      template?: string;
      trainOn?: 'completions' | 'all';
    }): Promise<DatasetDetails>;
    /** Forgets it; the file stays where it is. */
    remove(input: { id: string }): Promise<void>;
    preview(input: { id: string; rendering: Rendering; offset: number; count: number }): Promise<Preview>;
    xray(input: { id: string; rendering: Rendering; evaluation: string | null; task: string }): Promise<Xray>;
  };
  models: {
    list(): Promise<ModelSummary[]>;
    card(input: { id: string }): Promise<ModelCard>;
    /** A short conversation by its chat template. Throws E_TEMPLATE with what the template says. */
    sample(input: { id: string }): Promise<TemplateSample>;
    add(input: { handle: string; task: string }): Promise<ModelSummary>;
    /** What a GGUF file holds, and the folder that would be made of it in `folder` (null: beside it), with the tokenizer of another folder. */
    inspectGguf(input: { handle: string; folder: string | null; tokenizer: string | null }): Promise<GgufContents>;
    /** Makes that folder and adds it. Failed or cancelled, nothing is left. */
    unpackGguf(input: {
      handle: string;
      folder: string | null;
      tokenizer: string | null;
      dtype: UnpackedDtype;
      task: string;
    }): Promise<ModelSummary>;
    rename(input: { id: string; name: string }): Promise<ModelSummary>;
    /** Forgets it; with `files` (only for what a merge made and for downloads) its folder is removed too. */
    remove(input: { id: string; files: boolean }): Promise<void>;
    fits(input: { id: string; budgetBytes: number | null; sequenceLength: number; microBatch: number }): Promise<Fit[]>;
  };
  exports: {
    /** What a model of the library would be as a GGUF file. Throws for what the format cannot say. */
    plan(input: { id: string; type: GgufType }): Promise<GgufPlan>;
    /** Writes it into a folder and proves it: what is not the model is not kept (E_RECEIPT). Answers where it lies, for reading. */
    gguf(input: {
      id: string;
      type: GgufType;
      folder: string;
      task: string;
    }): Promise<{ path: string; receipt: GgufReceipt }>;
    /** What was written of a model, newest first. */
    list(input: { id: string }): Promise<KeptExport[]>;
  };
  /** Models of the Hugging Face Hub or of a mirror. Only what is called here asks anything of a network. */
  hub: {
    connection(): Promise<HubConnection>;
    /** Keeps a token for the current hub in the operating system's key store, sealed. Throws E_KEY_STORE where there is none. */
    keepToken(input: { token: string }): Promise<HubConnection>;
    forgetToken(): Promise<HubConnection>;
    search(input: { words: string }): Promise<HubModel[]>;
    /** What a download would bring, judged by the engine, before anything large is fetched. */
    inspect(input: {
      repository: string;
      revision: string;
      sequenceLength: number;
      microBatch: number;
    }): Promise<HubInspection>;
    /** Cancelled or failed, what has come stays among the unfinished. */
    download(input: { repository: string; revision: string; task: string }): Promise<ModelSummary>;
    unfinished(): Promise<UnfinishedDownload[]>;
    resume(input: { id: string; task: string }): Promise<ModelSummary>;
    /** Removes what has come of an unfinished download. */
    discard(input: { id: string }): Promise<void>;
  };
  methods: {
    registry(): Promise<Registry>;
  };
  runs: {
    list(input: { project: string | null }): Promise<RunSummary[]>;
    get(input: { id: string }): Promise<RunDetails>;
    events(input: { id: string; kinds: string[] | null }): Promise<RunEventRecord[]>;
    /** `from` and `to` are steps, null = from the first, to the last. */
    series(input: {
      ids: string[];
      keys: MetricKey[];
      from: number | null;
      to: number | null;
      points: number;
    }): Promise<Series[]>;
    /** A run file's text as a draft, every default written out. Throws E_RUN_FILE naming line or key. */
    parse(input: { text: string }): Promise<RunFile>;
    /** The text of a run file that is on the disk. */
    read(input: { handle: string }): Promise<RunFile>;
    plan(input: { draft: RunDraft }): Promise<PlannedRun>;
    /** Ways to train the draft's model on its data inside a budget, what gives up least first. */
    solve(input: { draft: RunDraft; budgetBytes: number }): Promise<BudgetOption[]>;
    /** Puts a run into the queue: it begins at once where nothing else trains. Throws E_BUDGET for what does not fit. */
    start(input: { draft: RunDraft; project: string; first: boolean }): Promise<RunSummary>;
    /** Writes a checkpoint and ends the engine's work on it: memory is freed, the state is on the disk. */
    pause(input: { id: string }): Promise<void>;
    resume(input: { id: string }): Promise<void>;
    checkpoint(input: { id: string }): Promise<void>;
    /** Ends the run now; its model or adapter is saved as it stands. */
    stop(input: { id: string }): Promise<void>;
    /** Ends the run now and removes its folder and its record. */
    discard(input: { id: string }): Promise<void>;
    update(input: {
      id: string;
      name?: string;
      tags?: string[];
      note?: string;
      pinned?: boolean;
      project?: string;
    }): Promise<RunSummary>;
    remove(input: { ids: string[]; files: boolean }): Promise<void>;
    /** A draft that goes on from a checkpoint of a run (null = the newest) with other settings; started with `start`. */
    fork(input: { id: string; step: number | null }): Promise<RunDraft>;
    /** The same record once more: it must end with the same bits, and its `reproduces` says whose. */
    reproduce(input: { id: string }): Promise<RunSummary>;
    compare(input: { ids: string[] }): Promise<RunComparison>;
    /** The same prompts answered by what each run left, with the same seed. */
    answers(input: {
      ids: string[];
      prompts: string[];
      maxTokens: number;
      temperature: number;
      seed: number;
      task: string;
    }): Promise<AnsweredPrompt[]>;
    /** The comparison as one HTML file that needs nothing else. `baseline` is one of the ids, or null. */
    shareComparison(input: {
      ids: string[];
      baseline: string | null;
      answers: AnsweredPrompt[];
    }): Promise<{ name: string; html: string }>;
    /** Versions, settings and log as text, with paths and user names struck out. */
    report(input: { id: string }): Promise<string>;
  };
  queue: {
    get(): Promise<Queue>;
    /** Moves a waiting run to a place, 0 = next. */
    move(input: { id: string; to: number }): Promise<Queue>;
    hold(input: { held: boolean }): Promise<Queue>;
    setRules(input: QueueRules): Promise<Queue>;
  };
  adapters: {
    list(): Promise<AdapterSummary[]>;
    /** `base`: the model that it belongs to, where the adapter's own config does not lead to one. */
    import(input: { handle: string; base: string | null; task: string }): Promise<AdapterSummary>;
    /** Copies the PEFT folder into a folder. Answers where it lies now, for reading. */
    export(input: { id: string; folder: string; task: string }): Promise<{ path: string }>;
    /** Folds it into its base, scaled, as a new model of the library. */
    bake(input: {
      id: string;
      scale: number;
      name: string;
      dtype: 'float32' | 'bfloat16';
      task: string;
    }): Promise<ModelSummary>;
    rename(input: { id: string; name: string }): Promise<AdapterSummary>;
    remove(input: { id: string; files: boolean }): Promise<void>;
    /** Norm of ΔW per layer. */
    norms(input: { id: string }): Promise<{ layer: string; norm: number }[]>;
  };
  playground: {
    generate(input: PlaygroundRequest): Promise<PaneResult[]>;
    cancel(input: { session: string }): Promise<void>;
  };
  sample: {
    /** Queues the bundled sample: two methods on the same text. Their project and runs. */
    start(): Promise<{ project: string; runs: string[] }>;
  };
  tasks: {
    list(): Promise<Task[]>;
    cancel(input: { id: string }): Promise<void>;
  };
  system: {
    info(): Promise<SystemInfo>;
    settings(): Promise<Settings>;
    change(input: Partial<Settings>): Promise<Settings>;
    storage(): Promise<StorageUse[]>;
    /** Answers the bytes that were freed. */
    clean(input: { what: 'cache' | 'checkpoints' | 'downloads' }): Promise<number>;
    selftest(input: { task: string }): Promise<SelftestReport>;
    /** Rebuilds the library from the files. */
    rescan(input: { task: string }): Promise<Rescan>;
    /** Answers a `closing` notice. */
    close(input: { choice: 'stay' | 'background' | 'pause'; remember: boolean }): Promise<void>;
    /** Opens one of the program's own web addresses in the user's browser. */
    openLink(input: { link: 'source' | 'licence' | 'method'; name: string }): Promise<void>;
  };
}

export type Result<T> = { ok: true; value: T } | { ok: false; error: ErrorReport };

type Answered<F> = F extends (...input: infer I) => Promise<infer T> ? (...input: I) => Promise<Result<T>> : never;

/** What a screen finds as `window.rankwise`. */
export interface Bridge {
  door: 'desktop' | 'browser';
  /** The calls, each answering a result: an error keeps its code and hint on the way. */
  api: { [N in keyof Api]: { [M in keyof Api[N]]: Answered<Api[N][M]> } };
  /** A file that the user dropped or chose in the page. In the browser it is sent to the program first. */
  admit(file: File): Promise<Result<PickedFile>>;
  /** @returns what ends the listening */
  listen(listener: (notice: Notice) => void): () => void;
}
