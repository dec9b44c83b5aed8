/** A path that main handed out. The screens name files by handle only; what main did not hand out cannot be asked for. */
export interface PickedFile {
  handle: string;
  name: string;
  /** For reading, with the home folder as “~”. */
  path: string;
  folder: boolean;
  /** Null for a folder. */
  bytes: number | null;
}

export type PickPurpose = 'data' | 'model' | 'gguf' | 'adapter' | 'run-file' | 'folder';

/** A folder and what of it fits a purpose: folders first, then files, each in order of names. */
export interface Listing {
  folder: PickedFile;
  parent: string | null;
  /** `fits`: the entry itself can be picked for the purpose (a model folder among folders, a data file among files). */
  entries: (PickedFile & { fits: boolean })[];
}
