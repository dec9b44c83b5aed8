import type { ErrorReport } from './errors.ts';

export interface Pane {
  /** Model of the library, with weights. */
  model: string;
  adapter: string | null;
  /** 1 = as trained, 0 = the base alone. */
  adapterScale: number;
}

export interface PlaygroundRequest {
  /** Chosen by the asker; the text comes as notices under it. */
  session: string;
  panes: Pane[];
  prompt: string;
  /** Put the prompt into the model's chat template, or the simple one that chats are trained with where it has none. */
  chat: boolean;
  maxTokens: number;
  temperature: number;
  topP: number;
  seed: number;
}

export interface PlaygroundToken {
  text: string;
  /** Of this token before temperature and top-p, 0 to 1. */
  probability: number;
  /** The likeliest ones in its place, itself among them where it is. */
  alternatives: { text: string; probability: number }[];
}

export interface PaneResult {
  text: string;
  tokens: PlaygroundToken[];
  seconds: number;
  error: ErrorReport | null;
}
