import { Settings2 } from '@lucide/vue';
import type { Screen } from '../../screens.ts';

export default {
  routes: [{ path: '/settings', name: 'settings', component: () => import('./SettingsPage.vue') }],
  rail: { order: 100, label: 'settings.rail', icon: Settings2, route: 'settings' },
} satisfies Screen;
