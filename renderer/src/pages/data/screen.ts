import { Database } from '@lucide/vue';
import type { Screen } from '../../screens.ts';

export default {
  routes: [
    { path: '/data', name: 'data', component: () => import('./DataPage.vue') },
    { path: '/data/:id', name: 'dataset', component: () => import('./DatasetPage.vue') },
  ],
  rail: { order: 20, label: 'data.rail', icon: Database, route: 'data', apart: true },
} satisfies Screen;
