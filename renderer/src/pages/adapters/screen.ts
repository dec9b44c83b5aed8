import { Layers } from '@lucide/vue';
import type { Screen } from '../../screens.ts';

export default {
  routes: [
    { path: '/adapters', name: 'adapters', component: () => import('./AdaptersPage.vue') },
    { path: '/adapters/:id', name: 'adapter', component: () => import('./AdapterPage.vue') },
  ],
  rail: { order: 70, label: 'adapters.rail', icon: Layers, route: 'adapters', apart: true },
} satisfies Screen;
