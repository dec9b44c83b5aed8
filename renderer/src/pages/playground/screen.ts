import { MessageSquare } from '@lucide/vue';
import type { Screen } from '../../screens.ts';

export default {
  routes: [{ path: '/playground', name: 'playground', component: () => import('./PlaygroundPage.vue') }],
  rail: { order: 80, label: 'playground.rail', icon: MessageSquare, route: 'playground' },
} satisfies Screen;
