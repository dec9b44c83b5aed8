import { createI18n } from 'vue-i18n';

const files = import.meta.glob<Record<string, unknown>>('./locales/en/*.json', { eager: true, import: 'default' });

/** One file per screen or part: its name is the first word of its keys ("home.title" is `title` of home.json). */
const en = Object.fromEntries(
  Object.entries(files).map(([file, messages]) => [file.split('/').at(-1)!.replace('.json', ''), messages]),
);

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en } as unknown as Record<string, never>,
});

/** For text that is made outside of components (stores, chart summaries). In components: `const { t } = useI18n()`. */
export const t = i18n.global.t as (key: string, named?: Record<string, unknown>, plural?: number) => string;

/** Whether a text is there under a key: for names that come from main, where not each has one. */
export const te = i18n.global.te as (key: string) => boolean;
