import type { Settings, SystemInfo } from '../../../../preload/contract/system.ts';

/** Versions, machine and settings as text for a bug report: no paths, no names. */
export function systemReport(info: SystemInfo, settings: Settings): string {
  const lines: [string, string | number | null][] = [
    ['rankwise', info.version],
    ['engine', info.engineVersion],
    ['platform', info.platform],
    ['electron', info.electron],
    ['chromium', info.chromium],
    ['node', info.node],
    ['kernels', info.isa],
    ['cores', info.cores],
    ['memory', info.memoryBytes],
    ['free', info.freeBytes],
    ['budget', info.budgetBytes],
    ['engine process', info.engine.up ? 'up' : `down: ${info.engine.reason}`],
    ...info.backends.map(({ name, available, reason }): [string, string] => [
      `backend ${name}`,
      available ? 'available' : reason,
    ]),
    ...Object.entries(settings).map(([key, value]): [string, string] => [`setting ${key}`, String(value)]),
  ];
  return lines.map(([name, value]) => `${name}: ${value ?? '-'}`).join('\n');
}
