import { List } from '@lucide/vue';
import type { Screen } from '../../screens.ts';

export default {
  routes: [{ path: '/runs', name: 'runs', component: () => import('./RunsPage.vue') }],
  rail: { order: 50, label: 'runs.rail', icon: List, route: 'runs' },
} satisfies Screen;
