import type { App } from '../app.ts';
import type { Output } from './output.ts';

/** What every command gets. */
export interface CommandContext {
  app: App;
  output: Output;
}

/** Runs a command's work with the app and the output that its options ask for. */
export type WithContext = (
  options: { json?: boolean },
  work: (context: CommandContext) => Promise<void>,
) => Promise<void>;
