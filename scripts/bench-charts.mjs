// `npm run bench:charts`: ten runs of 100,000 points each, panned and zoomed in headless Chromium; prints frames per second.
import path from 'node:path';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';
import { root } from './spawn.mjs';

const server = await createServer({ root: path.join(root, 'renderer'), logLevel: 'error', server: { port: 0 } });
await server.listen();
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync', '--no-first-run'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 700 } });
  await page.goto(new URL('dev/chart-bench.html', server.resolvedUrls.local[0]).href);
  await page.waitForFunction(() => 'measure' in window && document.querySelector('canvas'));
  const { runs, steps, times: parts } = await page.evaluate(() => window.measure());
  console.log(`${runs} runs × ${steps.toLocaleString('en-US')} points, a new view in every frame:`);
  for (const [name, times] of Object.entries(parts)) {
    const sorted = [...times].sort((a, b) => a - b);
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    const slow = sorted[Math.floor(sorted.length * 0.95)];
    console.log(
      `  ${name}: ${(1000 / mean).toFixed(1)} frames per second, 95 % of frames within ${slow.toFixed(1)} ms`,
    );
  }
} finally {
  await browser.close();
  await server.close();
}
