import { House } from '@lucide/vue';
import type { Screen } from '../../screens.ts';

export default {
  routes: [{ path: '/', name: 'home', component: () => import('./HomePage.vue') }],
  rail: { order: 10, label: 'home.rail', icon: House, route: 'home' },
} satisfies Screen;
