import { ListOrdered } from '@lucide/vue';
import type { Screen } from '../../screens.ts';

export default {
  routes: [{ path: '/queue', name: 'queue', component: () => import('./QueuePage.vue') }],
  rail: { order: 90, label: 'queue.rail', icon: ListOrdered, route: 'queue', apart: true },
} satisfies Screen;
