import type { ErrorReport } from './errors.ts';
import type { Fit } from './models.ts';

/** A model of a hub, as a search finds it. What the hub does not tell is null. */
export interface HubModel {
  /** "OWNER/NAME" */
  repository: string;
  downloads: number | null;
  likes: number | null;
  /** Its terms must be accepted on its page first. */
  gated: boolean;
  licence: string | null;
  parameters: number | null;
  /** Of the weights. */
  bytes: number | null;
}

/** What a config.json says of a model. What it leaves out is 0. */
export interface ConfigFacts {
  architecture: string;
  vocabSize: number;
  layers: number;
  hiddenSize: number;
  contextLength: number;
  heads: number;
  keyValueHeads: number;
  intermediateSize: number;
}

/** What a download would bring, by config and index of the weights alone. */
export interface HubContents {
  files: { name: string; bytes: number }[];
  /** Of all its files; null where the hub does not let them be counted. */
  bytes: number | null;
  facts: ConfigFacts | null;
  /** Whether it brings a tokenizer.json, which text needs, and what it brings instead: "tokenizer.model (SentencePiece)". */
  tokenizer: boolean;
  otherTokenizer: string | null;
  /** What training it takes by each method; empty where it cannot be used. */
  fits: Fit[];
  /** Why it cannot be downloaded or used: terms to accept, pickle, an architecture that the engine does not know. */
  problem: ErrorReport | null;
}

/** One repository at one commit, before anything large is fetched. */
export interface HubInspection extends HubContents {
  /** Of its download: what is unfinished of it has the same. */
  id: string;
  repository: string;
  commit: string;
  endpoint: string;
  gated: boolean;
  licence: string | null;
  /** What has come of it already. */
  doneBytes: number;
  /** On the disk that it would go to. */
  freeBytes: number;
  /** The model of the library that it is already. */
  model: string | null;
}

/** A download that was begun and is not in the library yet: it goes on where it stopped. */
export interface UnfinishedDownload {
  id: string;
  repository: string;
  commit: string;
  /** Where it comes from. */
  endpoint: string;
  doneBytes: number;
  /** 0 while nobody knows. */
  totalBytes: number;
  /** The folder that it becomes, for reading; null for one of the library. */
  output: string | null;
  /** By this process or another. */
  running: boolean;
}

/** Which hub is asked, by which token, and whether any may be. What the environment says wins over the settings. */
export interface HubConnection {
  endpoint: string;
  /** HF_ENDPOINT, the settings, or nobody: then it is huggingface.co. */
  endpointFrom: 'environment' | 'settings' | 'default';
  offline: boolean;
  /** HF_HUB_OFFLINE, or the settings. */
  offlineFrom: 'environment' | 'settings';
  /** Of the user for this hub. What it is stays in main. */
  token: {
    /** The one that is sent: of HF_TOKEN, or the one that is kept. */
    from: 'environment' | 'kept' | 'none';
    /** Whether one is kept for this hub, and whether the key store still opens it. */
    kept: boolean;
    opens: boolean;
    /** Name of the key store, or null and why there is none. */
    store: string | null;
    reason: string | null;
  };
}
