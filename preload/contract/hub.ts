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

/** A download that was begun and is not in the library yet: it goes on where it stopped. */
export interface UnfinishedDownload {
  id: string;
  repository: string;
  commit: string;
  /** Where it comes from. */
  endpoint: string;
  doneBytes: number;
  totalBytes: number;
  running: boolean;
}
