import { existsSync } from 'node:fs';
import type { ModelCard } from '../../preload/contract/models.ts';
import { readChatTemplate } from '../formats/chat-template-file.ts';
import { sourceOf } from '../formats/download-passport.ts';
import { filesIn } from '../formats/folder-stamp.ts';
import { otherTokenizer } from '../formats/missing-tokenizer.ts';
import { readPassport } from '../formats/passport.ts';
import { readReadme } from '../formats/readme.ts';
import { unpackedOf } from '../formats/unpacked-passport.ts';

type ToldByFiles = Pick<ModelCard, 'files' | 'template' | 'readme' | 'otherTokenizer' | 'source' | 'unpacked'>;

/** What the files of a folder tell that no record holds. */
export function toldByFiles(folder: string): ToldByFiles {
  if (!existsSync(folder))
    return { files: [], template: null, readme: null, otherTokenizer: null, source: null, unpacked: null };
  const passport = readPassport(folder);
  const files = filesIn(folder).map(({ name, bytes }) => ({ name, bytes }));
  return {
    files,
    template: readChatTemplate(folder),
    readme: readReadme(folder),
    otherTokenizer: otherTokenizer(files.map(({ name }) => name)),
    source: sourceOf(passport),
    unpacked: unpackedOf(passport),
  };
}
