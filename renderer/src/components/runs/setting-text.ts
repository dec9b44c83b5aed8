import { bytes, figure, whole } from '../../format.ts';
import { t } from '../../i18n.ts';

/** A setting of the run file as a screen writes it: sizes in bytes under their unit, nothing as a dash. */
export function settingText(setting: string, value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return value ? t('runs.setting.yes') : t('runs.setting.no');
  if (typeof value === 'number') {
    if (/memoryBudget$/.test(setting)) return bytes(value);
    return Number.isInteger(value) ? whole(value) : shortest(value);
  }
  if (typeof value === 'string') return value;
  return JSON.stringify(value);
}

/** As it was written: 0.0003 and not 3.0e−4 or 0.000. */
const shortest = (value: number): string =>
  String(value).length <= 8 ? String(value).replace('-', '−') : figure(value);

/** The leaves of a run file by their path: {a: {b: 1}} as a.b → 1. Lists stay whole. */
export function settingsOf(file: object, prefix = ''): { setting: string; value: unknown }[] {
  return Object.entries(file).flatMap(([key, value]: [string, unknown]) => {
    if (value === undefined) return [];
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return settingsOf(value, `${prefix}${key}.`);
    return [{ setting: `${prefix}${key}`, value }];
  });
}
