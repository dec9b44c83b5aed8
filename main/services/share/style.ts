/** Ten hues that are told apart by most eyes, each with a dash of its own for the others; light, then dark. */
const RUNS: [light: string, dark: string, dash: string][] = [
  ['#1f5fd0', '#7aa8ff', 'none'],
  ['#b3541e', '#f0a06a', '7 4'],
  ['#0b7a6b', '#52c9b6', '2 3'],
  ['#8a3ab9', '#cf94f2', '10 3 2 3'],
  ['#a8193d', '#ff8fa6', '4 2'],
  ['#5b6b00', '#bccb4f', '12 4'],
  ['#00688b', '#63c4ea', '1 3'],
  ['#7a5c00', '#e0bd55', '8 3 2 3 2 3'],
  ['#4a4f8f', '#a7acf0', '5 5'],
  ['#5c5c5c', '#b9b9b9', '14 3 3 3'],
];
const CATEGORIES: [light: string, dark: string][] = [
  ['#34558b', '#7c9cd6'],
  ['#2f8f83', '#63c2b6'],
  ['#c77f2a', '#e4aa63'],
  ['#8f5aa8', '#c091d8'],
  ['#b8516a', '#e58aa0'],
  ['#7c8a2e', '#b6c566'],
  ['#4f86a8', '#8cc0df'],
  ['#8a6d4b', '#c2a37f'],
  ['#9a9a9a', '#777777'],
];

export const RUN_COLOURS = RUNS.length;
export const CATEGORY_COLOURS = CATEGORIES.length;

const variables = (which: 0 | 1): string =>
  [
    ...RUNS.map((colours, index) => `--run-${index}: ${colours[which]};`),
    ...CATEGORIES.map((colours, index) => `--category-${index}: ${colours[which]};`),
  ].join(' ');

export const STYLE = `
:root { color-scheme: light dark; --ground: #fbfbfa; --ink: #1d1f21; --quiet: #5d6268; --line: #dcdedf; --mark: #ffe9a8; ${variables(0)} }
@media (prefers-color-scheme: dark) {
  :root { --ground: #151719; --ink: #e8e9ea; --quiet: #a2a8ae; --line: #33373b; --mark: #5a4a12; ${variables(1)} }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.5rem 4rem; background: var(--ground); color: var(--ink);
  font: 15px/1.5 Inter, system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p, figure { margin: .5rem 0; } .quiet { color: var(--quiet); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; min-width: 100%; }
th, td { padding: .35rem .75rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--quiet); font-weight: 600; white-space: nowrap; } td.figure, th.figure { text-align: right; white-space: nowrap; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--quiet); font-size: 11px; }
.grid { stroke: var(--line); stroke-width: 1; } .curve { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
.key { display: inline-block; width: 2.2rem; height: .6rem; vertical-align: middle; margin-right: .4rem; }
ul.legend { list-style: none; padding: 0; margin: .5rem 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
.swatch { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; margin-right: .4rem; vertical-align: baseline; }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 1rem; }
.answer { border: 1px solid var(--line); border-radius: 6px; padding: .75rem; }
.answer .text { display: block; white-space: pre-wrap; overflow-wrap: anywhere; }
.answer h4 { margin: 0 0 .5rem; font-size: .9rem; } mark { background: var(--mark); color: inherit; border-radius: 2px; }
details { margin: .75rem 0; } summary { cursor: pointer; color: var(--quiet); }
${RUNS.map(([, , dash], index) => `.run-${index} { stroke: var(--run-${index}); stroke-dasharray: ${dash}; }`).join('\n')}
${CATEGORIES.map((_, index) => `.category-${index} { fill: var(--category-${index}); background: var(--category-${index}); }`).join('\n')}
@media print { body { max-width: none; } details { display: block; } }
`;
