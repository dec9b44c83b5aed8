import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { extractAll, listPackage } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { build, Platform } from 'electron-builder';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from './calls.ts';
import { openDesktop } from './doors.ts';
import { engineOf } from './processes.ts';

const root = path.join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(path.join(tmpdir(), 'rankwise-package-'));
const resources = path.join(folder, 'out', 'linux-unpacked', 'resources');
const archive = path.join(resources, 'app.asar');

/** A distribution of Electron with nothing in it but what the fuses are set in: the mark, version 1, eight fuses, all on. */
function makeDistribution(place: string): void {
  mkdirSync(path.join(place, 'locales'), { recursive: true });
  mkdirSync(path.join(place, 'resources'));
  writeFileSync(path.join(place, 'locales', 'en-US.pak'), '');
  const binary = path.join(place, 'electron');
  writeFileSync(
    binary,
    Buffer.concat([Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'), Buffer.from([1, 8]), Buffer.from('11111111')]),
  );
  chmodSync(binary, 0o755);
}

describe('the package for Linux', () => {
  beforeAll(async () => {
    const distribution = path.join(folder, 'distribution');
    makeDistribution(distribution);
    await build({
      projectDir: root,
      targets: Platform.LINUX.createTarget('dir'),
      publish: 'never',
      config: {
        extends: path.join(root, 'electron-builder.yml'),
        electronDist: distribution,
        directories: { output: path.join(folder, 'out') },
      },
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('holds the app and what it needs to run', () => {
    const files = listPackage(archive, { isPack: false });
    for (const file of [
      '/package.json',
      '/out/main/index.js',
      '/out/main/engine-process.js',
      '/out/preload/index.cjs',
      '/out/renderer/index.html',
      '/main/store/migrations/001-records.sql',
      '/data/texts/moby-dick.txt.gz',
      '/node_modules/zod/package.json',
      '/node_modules/better-sqlite3/package.json',
    ]) {
      expect(files).toContain(file);
    }
  });

  it('holds no sources, no tests and nothing that only building needs', () => {
    const files = listPackage(archive, { isPack: false });
    const allowed = /^\/(out|data|node_modules|main(\/store(\/migrations(\/.*\.sql)?)?)?$|package\.json$)/;
    const building = /\.[cm]?ts$|\.map$|^\/node_modules\/(vue|electron|vite|typescript|playwright-core)\//;
    const strangers = files.filter((file) => !allowed.test(file) || building.test(file));
    expect(strangers).toEqual([]);
  });

  it('holds the libraries of this platform alone, outside the archive', () => {
    const unpacked = readdirSync(`${archive}.unpacked`, { recursive: true, encoding: 'utf8' });
    const libraries = unpacked.filter((file) => file.endsWith('.node'));
    expect(libraries).toEqual([`node_modules/better-sqlite3/prebuilds/linux-${process.arch}.node`]);
    expect(existsSync(path.join(resources, 'engine', 'rankwise_engine.node'))).toBe(true);
  });

  it('has its fuses set', async () => {
    const wire = await getCurrentFuseWire(path.join(resources, '..', 'rankwise'));
    const state = (fuse: FuseV1Options): string => String.fromCharCode(wire[fuse]!);
    expect({
      runAsNode: state(FuseV1Options.RunAsNode),
      nodeOptions: state(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
      inspect: state(FuseV1Options.EnableNodeCliInspectArguments),
      cookieEncryption: state(FuseV1Options.EnableCookieEncryption),
      asarIntegrity: state(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
      onlyAsar: state(FuseV1Options.OnlyLoadAppFromAsar),
      fileProtocol: state(FuseV1Options.GrantFileProtocolExtraPrivileges),
    }).toEqual({
      runAsNode: '0',
      nodeOptions: '0',
      inspect: '0',
      cookieEncryption: '1',
      asarIntegrity: '1',
      onlyAsar: '1',
      fileProtocol: '0',
    });
  });

  describe('taken apart', () => {
    const place = path.join(folder, 'installed', 'resources');
    const appFolder = path.join(place, 'app.asar');
    const engine = path.join(place, 'engine', 'rankwise_engine.node');
    beforeAll(() => {
      extractAll(archive, appFolder);
      cpSync(path.join(resources, 'engine'), path.dirname(engine), { recursive: true });
      cpSync(`${archive}.unpacked`, `${appFolder}.unpacked`, { recursive: true });
    });

    it('opens the window and starts the engine beside it, whatever the environment names', async () => {
      const app = await openDesktop({ appFolder, env: { RANKWISE_ENGINE: '/nowhere/engine.node' } });
      const registry = await call(app.page, 'methods', 'registry');
      expect(registry.ok && registry.value.methods.map(({ name }) => name)).toContain('loqt');
      expect(readFileSync(`/proc/${engineOf(app.pid)}/cmdline`, 'utf8')).toContain(engine);
      expect(await call(app.page, 'projects', 'list')).toMatchObject({ ok: true });
      await app.close();
    });

    it('does not start with an engine that is not its own', () => {
      const home = path.join(folder, 'home');
      appendFileSync(engine, 'x');
      const { status, stderr } = spawnSync(path.join(root, 'test', 'electron', 'electron'), [appFolder], {
        env: { ...process.env, RANKWISE_HOME: home },
        encoding: 'utf8',
        timeout: 60_000,
      });
      expect(stderr).toContain('engine/rankwise_engine.node');
      expect(status).toBe(1);
      expect(existsSync(path.join(home, 'rankwise.db'))).toBe(false);
    });
  });
});
