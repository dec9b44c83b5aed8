// The bundles that the tests open are those of the sources as they are now.
import { execFileSync } from 'node:child_process';
import path from 'node:path';

export function setup(): void {
  const root = path.join(import.meta.dirname, '..', '..');
  execFileSync(process.execPath, [path.join(root, 'scripts', 'app.mjs')], { cwd: root, stdio: 'inherit' });
}
