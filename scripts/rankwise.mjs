// The command line from a checkout: prepares without a word on standard output, then becomes `rankwise COMMAND …`.
import path from 'node:path';
import { prepare } from './prepare.mjs';
import { orRefuse } from './say.mjs';
import { become, nodeBinary, root } from './spawn.mjs';

await orRefuse(() => prepare());
// npm runs scripts in the package's folder; paths on the command line are meant from where npm was called.
const calledByNpm = process.env.npm_lifecycle_script?.includes('scripts/rankwise.mjs') && process.cwd() === root;
const cwd = (calledByNpm && process.env.INIT_CWD) || process.cwd();
become(nodeBinary, [path.join(root, 'main', 'cli.ts'), ...process.argv.slice(2)], { cwd });
