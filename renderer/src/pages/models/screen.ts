import { Boxes } from '@lucide/vue';
import type { Screen } from '../../screens.ts';

export default {
  routes: [
    { path: '/models', name: 'models', component: () => import('./ModelsPage.vue') },
    { path: '/models/:id', name: 'model', component: () => import('./ModelPage.vue') },
  ],
  rail: { order: 30, label: 'models.rail', icon: Boxes, route: 'models' },
} satisfies Screen;
