import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { forkEngine } from '../../main/engine/engine-process-fork.ts';
import { InProcessHost } from '../../main/engine/inprocess.ts';
import type { LogitsCompareJob, SelftestJob } from '../../main/engine/host.ts';
import { isAlive } from '../../main/services/run-lock.ts';
import { UtilityHost } from '../../main/engine/utility-host.ts';
import { engineEntry, resolvePaths } from '../../main/paths.ts';

const states: [boolean, string][] = [];
const hosts: UtilityHost[] = [];

function host(addon = resolvePaths().addon): UtilityHost {
  states.length = 0;
  const made = new UtilityHost(forkEngine(engineEntry, addon), (up, reason) => states.push([up, reason]));
  hosts.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((each) => each.close()));
});

const selftest: SelftestJob = { kind: 'selftest' };

describe('the engine in a process of its own', () => {
  it('answers as the engine in this process does', async () => {
    const engine = host();
    const inProcess = new InProcessHost(resolvePaths().addon);
    const { engineVersion, isa, backends } = await inProcess.info();
    expect(await engine.info()).toMatchObject({ engineVersion, isa, backends });
    expect(await engine.registry()).toEqual(await inProcess.registry());
  });

  it('keeps code and hint of a job that fails', async () => {
    const job: LogitsCompareJob = {
      kind: 'logits-compare',
      model: '/nowhere',
      adapter: null,
      other: '/nowhere',
      precision: 'f32',
      storage: 'dense',
      ids: [[1, 2]],
    };
    await expect(host().start(job).result).rejects.toMatchObject({ code: expect.stringMatching(/^E_/) as string });
  });

  it('fails what was going on when it is killed, says so, and starts again with the next use', async () => {
    const engine = host();
    await engine.info();
    const first = engine.pid!;
    const running = engine.start(selftest).result;
    process.kill(first, 'SIGKILL');
    await expect(running).rejects.toMatchObject({
      code: 'E_ENGINE_DIED',
      message: expect.stringContaining('SIGKILL') as string,
    });
    expect(states).toEqual([[false, expect.stringContaining('SIGKILL')]]);
    expect(await engine.start(selftest).result).toMatchObject({ failed: 0 });
    expect(engine.pid).not.toBe(first);
    expect(states.at(-1)).toEqual([true, '']);
  });

  it('tells in words that the addon is not there', async () => {
    await expect(host(path.join('/nowhere', 'engine.node')).info()).rejects.toMatchObject({ code: 'E_ENGINE' });
  });

  it('ends its process when it is closed', async () => {
    const engine = host();
    await engine.info();
    const pid = engine.pid!;
    await engine.close();
    expect(isAlive(pid)).toBe(false);
    expect(states).toEqual([]);
  });
});
