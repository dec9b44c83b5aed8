import { Notification } from 'electron';
import type { RunSummary } from '../../preload/contract/runs.ts';
import { words } from './words.ts';

/** Tells, outside the window, how a run ended; what the user ended needs no telling. `onOpen`: it was clicked. */
export function tellRunEnd(run: RunSummary, onOpen: () => void): void {
  const title = titleOf(run);
  if (title === undefined || !Notification.isSupported()) return;
  const notification = new Notification({ title, body: bodyOf(run) });
  notification.on('click', onOpen);
  notification.show();
}

function titleOf(run: RunSummary): string | undefined {
  if (run.state === 'finished') return words.finished(run.name);
  if (run.state === 'failed') return words.failed(run.name);
  return run.state === 'interrupted' ? words.interrupted(run.name) : undefined;
}

function bodyOf(run: RunSummary): string {
  if (run.error) return run.error.message;
  const loss = run.evalLoss ?? run.loss;
  return loss === null ? '' : words.finalLoss(loss.toFixed(3));
}
