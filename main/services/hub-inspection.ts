import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { RankwiseError, reportOf } from '../../preload/contract/errors.ts';
import type { HubContents } from '../../preload/contract/hub.ts';
import { otherTokenizer } from '../formats/missing-tokenizer.ts';
import type { HubClient, HubRevision } from './hub-client.ts';
import { fetchFile, type HubMachine } from './hub-download.ts';
import { PassingFailure } from './hub-failure.ts';
import { chooseFiles, INDEX } from './hub-files.ts';
import { readConfigFacts } from './model-facts.ts';
import type { ModelPlanner, PlanShape } from './model-planner.ts';

/**
 * What a download of a revision would bring and whether the engine could use it, by config and index of the weights alone. What speaks
 * against it is told as `problem`, with everything that is known in spite of it. Throws E_NETWORK.
 */
export async function inspectRevision(
  client: HubClient,
  revision: HubRevision,
  planner: Pick<ModelPlanner, 'proveConfig' | 'fitsConfig'>,
  shape: PlanShape,
  machine: HubMachine,
  signal: AbortSignal,
): Promise<HubContents> {
  const names = revision.files.map(({ name }) => name);
  const contents: HubContents = {
    files: [],
    bytes: null,
    facts: null,
    tokenizer: names.includes('tokenizer.json'),
    otherTokenizer: otherTokenizer(names),
    fits: [],
    problem: null,
  };
  // The index lies apart: a folder that has one is read as one with weights.
  const [folder, beside] = [temporary(), temporary()];
  const bring = (file: HubRevision['files'][number], to: string): Promise<void> =>
    fetchFile(client, revision, file, to, machine, () => undefined, signal);
  try {
    const { first, rest } = chooseFiles(revision);
    const [config, ...indexes] = first;
    await bring(config!, folder);
    for (const index of indexes) await bring(index, beside);
    const all = [...first, ...rest(path.join(beside, INDEX))];
    contents.files = all.map(({ name, bytes }) => ({ name, bytes }));
    contents.bytes = all.reduce((sum, { bytes }) => sum + bytes, 0);
    contents.facts = readConfigFacts(folder);
    await planner.proveConfig(folder);
    contents.fits = await planner.fitsConfig(folder, shape);
  } catch (error) {
    if (!(error instanceof RankwiseError) || error instanceof PassingFailure) throw error;
    contents.problem = reportOf(error);
  } finally {
    for (const each of [folder, beside]) rmSync(each, { recursive: true, force: true });
  }
  return contents;
}

const temporary = (): string => mkdtempSync(path.join(tmpdir(), 'rankwise-hub-'));
