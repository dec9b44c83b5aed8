import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

// Whether somebody listens must be known at once, and Node's sockets answer later: another process asks.
const KNOCK = "require('node:net').connect(process.argv[1], () => process.exit(0)).on('error', () => process.exit(1))";

/** The lock of the single instance: a socket in the app's folder. `onSecond` is told when another instance knocks. */
export function claimInstance(userData: string, onSecond: () => void): boolean {
  mkdirSync(userData, { recursive: true });
  const socket = path.join(userData, 'standin.sock');
  if (spawnSync(process.execPath, ['-e', KNOCK, socket], { stdio: 'ignore' }).status === 0) return false;
  rmSync(socket, { force: true });
  const server = createServer((knock) => {
    knock.destroy();
    onSecond();
  });
  server.listen(socket).unref();
  return true;
}
