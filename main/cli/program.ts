import { Command } from 'commander';
import { createApp } from '../app.ts';
import { resolvePaths } from '../paths.ts';
import { addBench } from './commands/bench.ts';
import { addDemo } from './commands/demo.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDownload } from './commands/download.ts';
import { addHub } from './commands/hub.ts';
import { addExport } from './commands/export.ts';
import { addImport } from './commands/import.ts';
import { addInference } from './commands/inference.ts';
import { addMethods } from './commands/methods.ts';
import { addRuns } from './commands/runs.ts';
import { addServe } from './commands/serve.ts';
import { addTraining } from './commands/train.ts';
import type { WithContext } from './context.ts';
import { createOutput } from './output.ts';

/** The command line. Actions set process.exitCode or throw; wrong usage throws a CommanderError. */
export function createProgram(version: string): Command {
  const program = new Command('rankwise')
    .description('Train and merge language models on one workstation, inside the memory it has.')
    .version(version)
    .showSuggestionAfterError()
    .exitOverride();

  const withContext: WithContext = async (options, work) => {
    const app = createApp(resolvePaths());
    try {
      await work({ app, output: createOutput(options.json ?? false) });
    } finally {
      await app.close();
    }
  };
  for (const add of [
    addDoctor,
    addMethods,
    addTraining,
    addInference,
    addImport,
    addDownload,
    addHub,
    addExport,
    addRuns,
    addDemo,
    addBench,
  ])
    add(program, withContext);
  addServe(program);
  return program;
}
