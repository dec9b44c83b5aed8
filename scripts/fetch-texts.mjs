// Makes data/texts anew from the packages that it was taken from. Not part of the build: the result is kept in the repository.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { orRefuse, Refusal } from './say.mjs';
import { root, run, systemEnv } from './spawn.mjs';

const VERSION = '0.2.3';

/** Text files of a package's data folder, by name. */
async function textsOf(name, folder) {
  const target = path.join(folder, name);
  const pack = await run('npm', ['pack', `@stdlib/${name}@${VERSION}`, '--pack-destination', folder], {
    output: 'keep',
    env: systemEnv(),
  });
  if (pack.status !== 0) throw new Refusal(`@stdlib/${name} could not be fetched.`, pack.output);
  await run('mkdir', ['-p', target]);
  await run('tar', ['xzf', path.join(folder, `stdlib-${name}-${VERSION}.tgz`), '-C', target]);
  const data = path.join(target, 'package', 'data');
  const files = readdirSync(data).filter((file) => file.endsWith('.txt'));
  return new Map(files.map((file) => [file, readFileSync(path.join(data, file), 'utf8').trim()]));
}

function keep(name, text) {
  writeFileSync(path.join(root, 'data', 'texts', `${name}.txt.gz`), gzipSync(`${text}\n`, { level: 9 }));
}

await orRefuse(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rankwise-texts-'));
  try {
    const moby = await textsOf('datasets-moby-dick', folder);
    const chapters = Array.from({ length: 135 }, (_, index) => moby.get(`chapter_${index + 1}.txt`));
    keep('moby-dick', [...chapters, moby.get('epilogue.txt')].join('\n\n'));
    const addresses = await textsOf('datasets-sotu', folder);
    const since1993 = [...addresses.keys()].filter((file) => Number(file.slice(0, 4)) >= 1993).sort();
    keep('state-of-the-union', since1993.map((file) => addresses.get(file)).join('\n<|endoftext|>\n'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
