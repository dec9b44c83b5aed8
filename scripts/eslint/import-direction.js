// Imports point downward only (the layers of the design): screens and entries know services, services know storage and
// formats, the contract knows nobody. A layer that is not named here may not be imported by a named one.
import path from 'node:path';

const LAYERS = [
  ['preload/contract', ['preload/contract']],
  ['preload', ['preload']],
  ['renderer', ['renderer', 'preload/contract']],
  ['main/engine', ['main/engine', 'preload/contract']],
  ['main/formats', ['main/formats', 'preload/contract']],
  ['main/data', ['main/data', 'main/formats', 'preload/contract']],
  ['main/store', ['main/store', 'preload/contract']],
  ['main/services', ['main/services', 'main/store', 'main/data', 'main/formats', 'main/engine', 'preload/contract']],
  // The doors: the same services, through the same contract.
  ['main/api', ['main/api', 'main/services', 'main/engine', 'main/app.ts', 'main/paths.ts', 'preload/contract']],
  [
    'main/desktop',
    ['main/desktop', 'main/api', 'main/services', 'main/engine', 'main/app.ts', 'main/paths.ts', 'preload/contract'],
  ],
  [
    'main/serve',
    ['main/serve', 'main/api', 'main/services', 'main/engine', 'main/app.ts', 'main/paths.ts', 'preload/contract'],
  ],
  [
    'main/cli',
    ['main/cli', 'main/demo', 'main/serve', 'main/services', 'main/app.ts', 'main/paths.ts', 'preload/contract'],
  ],
  ['main/demo', ['main/demo', 'main/services', 'preload/contract']],
  ['main/app.ts', ['main/paths.ts', 'main/services', 'main/store', 'main/engine', 'preload/contract']],
];

const layerOf = (file) => LAYERS.find(([folder]) => file === folder || file.startsWith(`${folder}/`));

export const importDirection = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { upward: '{{from}} may not import {{to}}: imports point downward.' },
  },
  create(context) {
    const from = path.relative(context.cwd, context.filename).split(path.sep).join('/');
    const layer = layerOf(from);
    if (!layer) return {};
    const check = (node) => {
      if (!node.source || typeof node.source.value !== 'string' || !node.source.value.startsWith('.')) return;
      const to = path.posix.normalize(path.posix.join(path.posix.dirname(from), node.source.value));
      const allowed = layer[1].some((folder) => to === folder || to.startsWith(`${folder}/`));
      if (!allowed) context.report({ node, messageId: 'upward', data: { from, to } });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};
