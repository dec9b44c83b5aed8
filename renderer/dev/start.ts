import { mockBridge } from './mock.ts';

// The screens read the bridge when they load, so it must be there before them.
const query = new URLSearchParams(location.search);
window.rankwise = mockBridge(query.has('empty'));
if (query.has('gallery')) await import('./gallery.ts');
else await import('../src/main.ts');
