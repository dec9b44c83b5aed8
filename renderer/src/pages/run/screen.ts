import type { Screen } from '../../screens.ts';

export default {
  routes: [{ path: '/runs/:id', name: 'run', component: () => import('./RunPage.vue') }],
} satisfies Screen;
