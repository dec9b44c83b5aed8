import { defineConfig } from 'electron-vite';

/** Main and preload. The screens are built by renderer/vite.config.ts: they run in other browsers too. */
export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      rolldownOptions: {
        input: {
          index: 'main/index.ts',
          'engine-process': 'main/engine/engine-process.ts',
          'data-worker': 'main/services/data-worker.ts',
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      // A sandboxed preload can load nothing: each is one file that holds all it needs.
      isolatedEntries: true,
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: 'preload/index.ts', browser: 'preload/browser.ts' },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
});
