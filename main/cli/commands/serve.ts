import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { resolvePaths } from '../../paths.ts';
import { serve } from '../../serve/serve.ts';
import { portNumber } from '../arguments.ts';
import { createOutput } from '../output.ts';
import { interruptible } from '../signals.ts';

/** Unlike the other commands it keeps the engine in a process of its own, so it puts the app together itself. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('the screens in a browser on this machine; Ctrl-C pauses what trains and ends')
    .option('--port <number>', 'port on the loopback interface (default: any that is free)', portNumber, 0)
    .option('--open', 'open it in the default browser')
    .option('--json', 'the address as one JSON document on standard output')
    .action(async (options: { port: number; open?: boolean; json?: boolean }) => {
      const output = createOutput(options.json ?? false);
      const onStop = (): void =>
        output.note('\nEnding: what trains writes a checkpoint first. Ctrl-C again ends at once.');
      await interruptible(onStop, (signal) =>
        serve(resolvePaths(), {
          port: options.port,
          signal,
          onReady(address, mint) {
            output.result({ address }, () => `Rankwise: ${address}`);
            if (options.open) openInBrowser(mint());
            if (process.stdin.isTTY && !output.json) offerMore(mint, signal);
          },
        }),
      );
    });
}

// Where there is no browser to be opened, the address that was printed is there to be copied.
function openInBrowser(address: string): void {
  const opener = process.platform === 'win32' ? 'explorer.exe' : 'xdg-open';
  spawn(opener, [address], { detached: true, stdio: 'ignore' })
    .on('error', () => undefined)
    .unref();
}

// An address lets one browser in: Enter makes one for another.
function offerMore(mint: () => string, signal: AbortSignal): void {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', () => process.stdout.write(`Rankwise: ${mint()}\n`));
  signal.addEventListener('abort', () => lines.close());
}
