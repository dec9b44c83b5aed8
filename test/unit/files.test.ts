import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileService } from '../../main/services/files.ts';

const home = mkdtempSync(path.join(tmpdir(), 'rankwise-unit-'));
const files = new FileService(home);

beforeAll(() => {
  for (const folder of ['model', 'adapter', 'texts', '.hidden']) mkdirSync(path.join(home, folder));
  writeFileSync(path.join(home, 'model', 'config.json'), '{}');
  writeFileSync(path.join(home, 'adapter', 'adapter_config.json'), '{}');
  for (const name of ['rows 10.jsonl', 'rows 9.jsonl', 'run.json', 'tiny.GGUF', 'photo.png', '.env'])
    writeFileSync(path.join(home, name), 'x');
  symlinkSync(path.join(home, 'gone'), path.join(home, 'broken'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('handles', () => {
  it('stand for one path each, cannot be guessed, and are the same for the same path', () => {
    const picked = files.admit(path.join(home, 'run.json'));
    expect(picked).toMatchObject({ name: 'run.json', path: `~${path.sep}run.json`, folder: false, bytes: 1 });
    expect(picked.handle).toMatch(/^[\w-]{22}$/);
    expect(files.admit(path.join(home, 'model', '..', 'run.json')).handle).toBe(picked.handle);
    expect(files.pathOf(picked.handle)).toBe(path.join(home, 'run.json'));
  });

  it('are refused where nobody handed them out', () => {
    for (const handle of ['', '/etc/passwd', '../x', 'A'.repeat(22)])
      expect(() => files.pathOf(handle)).toThrow(expect.objectContaining({ code: 'E_HANDLE' }) as Error);
    expect(() => files.admit(path.join(home, 'absent'))).toThrow(expect.objectContaining({ code: 'E_FILE' }) as Error);
  });

  it.each([
    ['model', 'model', true],
    ['texts', 'model', false],
    ['run.json', 'model', false],
    ['adapter', 'adapter', true],
    ['model', 'adapter', false],
    ['rows 9.jsonl', 'data', true],
    ['tiny.GGUF', 'gguf', true],
    ['model', 'gguf', false],
    ['tiny.GGUF', 'model', false],
    ['texts', 'data', true],
    ['photo.png', 'data', false],
    ['run.json', 'run-file', true],
    ['rows 9.jsonl', 'run-file', false],
    ['texts', 'folder', true],
    ['run.json', 'folder', false],
  ] as const)('%s for the purpose %s: %s', (name, purpose, fits) => {
    const { handle } = files.admit(path.join(home, name));
    if (fits) expect(files.open(handle, purpose)).toBe(path.join(home, name));
    else expect(() => files.open(handle, purpose)).toThrow(expect.objectContaining({ code: 'E_FILE' }) as Error);
  });

  it('of what has gone say so', () => {
    const place = path.join(home, 'passing.json');
    writeFileSync(place, 'x');
    const { handle } = files.admit(place);
    rmSync(place);
    expect(() => files.open(handle, 'run-file')).toThrow('not there (any more)');
  });
});

describe('browsing', () => {
  const names = (purpose: 'data' | 'model' | 'gguf' | 'folder') =>
    files.browse(null, purpose).entries.map(({ name, fits }) => (fits ? `${name} *` : name));

  it('shows folders first, then the files that fit, in the order that people count', () => {
    expect(names('data')).toEqual(['adapter', 'model', 'texts', 'rows 9.jsonl *', 'rows 10.jsonl *', 'run.json *']);
    expect(names('gguf')).toEqual(['adapter', 'model', 'texts', 'tiny.GGUF *']);
    expect(names('model')).toEqual(['adapter', 'model *', 'texts']);
    expect(names('folder')).toEqual(['adapter *', 'model *', 'texts *']);
  });

  it('goes up and down by handles, to the root and not beyond', () => {
    const { folder, parent } = files.browse(files.admit(path.join(home, 'model')).handle, 'model');
    expect(folder.name).toBe('model');
    expect(files.browse(parent, 'model').folder.path).toBe('~');
    let listing = files.browse(null, 'folder');
    while (listing.parent !== null) listing = files.browse(listing.parent, 'folder');
    expect(listing.folder.name).toBe(path.parse(home).root);
  });

  it('does not open a file as a folder', () => {
    expect(() => files.browse(files.admit(path.join(home, 'run.json')).handle, 'data')).toThrow('is not a folder');
  });
});
