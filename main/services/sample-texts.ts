import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

/** The texts that come with the program, unpacked where the services find them. */
export interface SampleTexts {
  /** A novel to pretrain on. */
  novel: string;
  /** Speeches to fine-tune on, and later ones that are held out. */
  speeches: string;
  heldOut: string;
}

const SEPARATOR = '\n<|endoftext|>\n';
const HELD_OUT_SPEECHES = 3;

/** @param bundled folder of the packed texts  @param folder where to unpack them */
export function unpackTexts(bundled: string, folder: string): SampleTexts {
  const speeches = unpack(bundled, 'state-of-the-union').split(SEPARATOR);
  return {
    novel: unpackNovel(bundled, folder),
    speeches: keep(folder, 'speeches', speeches.slice(0, -HELD_OUT_SPEECHES).join(SEPARATOR)),
    heldOut: keep(folder, 'speeches-held-out', speeches.slice(-HELD_OUT_SPEECHES).join(SEPARATOR)),
  };
}

/** The novel alone. */
export function unpackNovel(bundled: string, folder: string): string {
  return keep(folder, 'moby-dick', unpack(bundled, 'moby-dick'));
}

function unpack(bundled: string, name: string): string {
  return gunzipSync(readFileSync(path.join(bundled, `${name}.txt.gz`))).toString('utf8');
}

function keep(folder: string, name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.txt`);
  writeFileSync(file, text);
  return file;
}
