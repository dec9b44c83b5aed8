import { createRouter, createWebHashHistory } from 'vue-router';
import { screens } from './screens.ts';
import NotFound from './components/shell/NotFound.vue';

/** Addresses live in the hash: the window has no server that could answer others. */
export const router = createRouter({
  history: createWebHashHistory(),
  routes: [...screens.flatMap(({ routes }) => routes), { path: '/:rest(.*)*', name: 'not-found', component: NotFound }],
});

/** Whether a screen of that name is in the application. */
export const hasRoute = (name: string): boolean => router.hasRoute(name);
