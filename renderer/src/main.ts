import './styles/main.css';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { RankwiseError } from '../../preload/contract/errors.ts';
import { i18n, t } from './i18n.ts';
import { listenToMain } from './notices.ts';
import { router } from './router.ts';
import { applyTheme } from './theme.ts';
import { toastError } from './toasts.ts';

listenToMain();
applyTheme();

const app = createApp(App);
// What a page throws is shown in its place (PageBoundary); what is thrown elsewhere must not vanish either.
app.config.errorHandler = (error) => {
  console.error(error);
  toastError(error);
};
// A screen is fetched when it is first gone to: without the program behind the page that fails.
router.onError((error) => {
  console.error(error);
  toastError(new RankwiseError('E_SCREEN', t('shell.screenMissing'), t('shell.screenMissingHint')));
});
app.use(createPinia()).use(i18n).use(router);

// An address that changes before the first screen stands is not heard by the router: nothing is shown, and nothing to press, until then.
const show = (): void => void app.mount('#app');
router.isReady().then(show, show);
