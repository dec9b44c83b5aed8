#!/usr/bin/env node
// Terminal entry. Exit status: 0 done, 1 a failure that is explained on standard error, 2 wrong usage.
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { explain } from './cli/output.ts';
import { createProgram } from './cli/program.ts';

// A reader that closes its end of the pipe early (head, less) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  await createProgram(version).parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    process.stderr.write(explain(error));
    process.exitCode = 1;
  }
}
