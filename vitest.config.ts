import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      // Integration tests start the real command line with the real engine: they share two cores, so one file at a time.
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      // The app as a user opens it: by the stand-in's window and by a browser.
      {
        test: {
          name: 'e2e',
          // What a screen shows comes when it comes: a machine that is busy is no failure.
          expect: { poll: { timeout: 20_000 } },
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/build-app.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
