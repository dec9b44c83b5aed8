// `npm start`: from a fresh clone to the demonstration.
import path from 'node:path';
import { prepare } from './prepare.mjs';
import { orRefuse } from './say.mjs';
import { become, nodeBinary, root } from './spawn.mjs';

await orRefuse(() => prepare());
become(nodeBinary, [path.join(root, 'main', 'cli.ts'), 'demo', ...process.argv.slice(2)], { cwd: root });
