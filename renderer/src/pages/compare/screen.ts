import { GitCompareArrows } from '@lucide/vue';
import type { Screen } from '../../screens.ts';

export default {
  routes: [{ path: '/compare', name: 'compare', component: () => import('./ComparePage.vue') }],
  rail: { order: 60, label: 'compare.rail', icon: GitCompareArrows, route: 'compare' },
} satisfies Screen;
