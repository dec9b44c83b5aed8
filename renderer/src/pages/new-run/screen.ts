import { SquarePlay } from '@lucide/vue';
import type { Screen } from '../../screens.ts';

export default {
  routes: [{ path: '/new-run', name: 'new-run', component: () => import('./NewRunPage.vue') }],
  rail: { order: 40, label: 'newRun.rail', icon: SquarePlay, route: 'new-run', apart: true },
} satisfies Screen;
