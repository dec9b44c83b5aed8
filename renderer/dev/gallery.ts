import '../src/styles/main.css';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import { i18n } from '../src/i18n.ts';
import { router } from '../src/router.ts';
import { applyTheme, theme } from '../src/theme.ts';
import Gallery from './Gallery.vue';

theme.value = new URLSearchParams(location.search).get('theme') === 'dark' ? 'dark' : 'light';
applyTheme();
document.body.style.overflow = 'auto';
createApp(Gallery).use(createPinia()).use(i18n).use(router).mount('#app');
