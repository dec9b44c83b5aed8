// Loaded before the app's own code: makes `electron` mean the stand-in, and this process look like one of Electron's.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const isUtility = process.env.STANDIN_TYPE === 'utility';
const standIn = pathToFileURL(path.join(import.meta.dirname, 'module.ts')).href;

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'electron') return { url: standIn, format: 'module-typescript', shortCircuit: true };
    return next(specifier, context);
  },
});

const root = path.join(import.meta.dirname, '..', '..');
const { version } = JSON.parse(readFileSync(path.join(root, 'node_modules', 'electron', 'package.json'), 'utf8')) as {
  version: string;
};
for (const [name, value] of Object.entries({ electron: version, chrome: 'stand-in' })) {
  Object.defineProperty(process.versions, name, { value, enumerable: true });
}
Object.assign(process, {
  type: isUtility ? 'utility' : 'browser',
  resourcesPath: path.dirname(process.env.STANDIN_APP_PATH ?? root),
});

if (isUtility) await import('./parent-port.ts');
else await import('./module.ts').then(({ app }) => setImmediate(() => void app.emit('standin-start')));
