import { t, te } from '../../i18n.ts';
import { wordsOf } from './signals.ts';

/** What a signal is called: as it is written in the locale, or its key in words. */
export const signalName = (name: string): string =>
  te(`run.signal.${name}`) ? t(`run.signal.${name}`) : wordsOf(name);

/** What kind of event it was. */
export const kindName = (kind: string): string => (te(`run.kind.${kind}`) ? t(`run.kind.${kind}`) : wordsOf(kind));
