import type { Command } from 'commander';
import type { WithContext } from '../context.ts';
import { addDatasetImport } from './import-dataset.ts';
import { addModelImports } from './import-models.ts';

export function addImport(program: Command, withContext: WithContext): void {
  const command = program.command('import').description('bring datasets, models and adapters into the library');
  addDatasetImport(command, withContext);
  addModelImports(command, withContext);
}
