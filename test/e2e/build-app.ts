import { execFileSync } from 'node:child_process';
import path from 'node:path';

/** The bundles that the tests open are those of the sources as they are now, or, with RANKWISE_TEST_BUILT, as they were built last. */
export function setup(): void {
  if (process.env.RANKWISE_TEST_BUILT) return;
  const root = path.join(import.meta.dirname, '..', '..');
  execFileSync(process.execPath, [path.join(root, 'scripts', 'app.mjs')], { cwd: root, stdio: 'inherit' });
}
