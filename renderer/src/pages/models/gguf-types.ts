import { whole } from '../../format.ts';
import { t } from '../../i18n.ts';

/** "15 tensors in Q4_K, 7 in F32": the most first. */
export const typesInWords = (types: Readonly<Record<string, number>>): string =>
  Object.entries(types)
    .sort(([, a], [, b]) => b - a)
    .map(([type, n]) => t('models.export.count', { n: whole(n), type }))
    .join(', ');
