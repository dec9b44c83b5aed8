import { computed } from 'vue';
import type { RouteLocationRaw } from 'vue-router';
import type { Command } from '../../preload/contract/notices.ts';
import { door } from './bridge.ts';
import { t } from './i18n.ts';
import { hasRoute, router } from './router.ts';
import { rail } from './screens.ts';
import { useSettings } from './stores/settings.ts';
import { toastError } from './toasts.ts';
import { openPanel } from './panels.ts';

/** Something that can be done from anywhere: by the palette, by keys, by the application's menu. */
export interface ShellCommand {
  id: string;
  title: string;
  keys?: string;
  run: () => void;
}

/** A browser keeps Ctrl+N and its like for itself. */
const own = door === 'desktop' ? 'mod' : 'alt';

const go = (to: RouteLocationRaw): void => void router.push(to).catch(toastError);

/** Commands whose screen is there. Their keys are those of the application's menu, which sends them as notices. */
export const commands = computed<ShellCommand[]>(() => [
  ...rail.map(({ label, route }, i) => ({
    id: `go:${route}`,
    title: t('shell.goTo', { screen: t(label) }),
    ...(route === 'settings' ? { keys: 'mod+,' } : i < 9 ? { keys: `alt+${i + 1}` } : {}),
    run: () => go({ name: route }),
  })),
  ...reaching('new-run', `${own}+n`, { name: 'new-run' }),
  ...reaching('new-project', `${own}+shift+n`, { name: 'home', query: { do: 'new-project' } }),
  ...reaching('import-data', `${own}+o`, { name: 'data', query: { do: 'import' } }),
  ...reaching('add-model', `${own}+shift+o`, { name: 'models', query: { do: 'add' } }),
  ...reaching('download-model', null, { name: 'models', query: { do: 'download' } }),
  { id: 'find', title: t('shell.command.find'), keys: 'mod+k', run: () => openPanel('palette') },
  { id: 'shortcuts', title: t('shell.command.shortcuts'), keys: '?', run: () => openPanel('shortcuts') },
  {
    id: 'toggle-theme',
    title: t('shell.command.toggle-theme'),
    keys: 'mod+shift+l',
    run: () => void useSettings().toggleTheme().catch(toastError),
  },
]);

function reaching(
  id: Command,
  keys: string | null,
  to: { name: string; query?: Record<string, string> },
): ShellCommand[] {
  return hasRoute(to.name)
    ? [{ id, title: t(`shell.command.${id}`), ...(keys === null ? {} : { keys }), run: () => go(to) }]
    : [];
}

const ALIASES: Partial<Record<Command, string>> = {
  settings: 'go:settings',
  'go-home': 'go:home',
  'go-runs': 'go:runs',
  'go-compare': 'go:compare',
};

/** Does what the menu asked for. */
export function obey(command: Command): void {
  const id = ALIASES[command] ?? command;
  commands.value.find((each) => each.id === id)?.run();
}
