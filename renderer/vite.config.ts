import path from 'node:path';
import tailwindcss from '@tailwindcss/vite';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

/**
 * How the screens are built, for the desktop's bundle and for a look at them alone. Nothing may be inlined: the policy of the
 * window takes scripts, styles and fonts from its own origin only.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [vue(), tailwindcss()],
  define: { __VUE_OPTIONS_API__: true, __VUE_PROD_DEVTOOLS__: false, __INTLIFY_PROD_DEVTOOLS__: false },
  build: {
    outDir: path.resolve(import.meta.dirname, '../out/renderer'),
    emptyOutDir: true,
    target: ['chrome130', 'firefox130', 'safari18'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
