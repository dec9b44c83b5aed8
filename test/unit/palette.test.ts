import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MEMORY_CATEGORIES, RUN_LOOKS, runDash, runToken } from '../../renderer/src/components/charts/palette.ts';

const css = readFileSync(path.resolve(import.meta.dirname, '../../renderer/src/styles/tokens.css'), 'utf8');
const pairs = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [
    name!,
    { light: light!, dark: dark! },
  ]),
);
type Theme = 'light' | 'dark';
const themes: Theme[] = ['light', 'dark'];
const hex = (name: string, theme: Theme): string => pairs.get(name)![theme];

const linear = (colour: string): number[] =>
  [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });

function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const [r, g, b] = linear(colour) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Oklab of a colour as an eye without one kind of cone sees it (matrices of Machado, Oliveira and Fernandes 2009, severity 1). */
const EYES: Record<string, number[][]> = {
  full: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  deuteranope: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  protanope: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
};

function seen(colour: string, eye: string): number[] {
  const rgb = linear(colour);
  const [r, g, b] = EYES[eye]!.map((row) => row.reduce((sum, factor, i) => sum + factor * rgb[i]!, 0)) as [
    number,
    number,
    number,
  ];
  const [l, m, s] = [
    0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b,
    0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b,
    0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b,
  ].map(Math.cbrt) as [number, number, number];
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const distance = (a: string, b: string, eye: string): number =>
  Math.hypot(...seen(a, eye).map((value, i) => value - seen(b, eye)[i]!));

describe('colours', () => {
  const surfaces = ['paper', 'surface', 'raised', 'sunken', 'hover'];
  const texts = ['ink', 'ink-soft', 'ink-faint', 'accent', 'danger', 'caution'];

  it.each(themes)('text can be read on every surface (%s)', (theme) => {
    for (const text of texts)
      for (const surface of surfaces)
        expect(contrast(hex(text, theme), hex(surface, theme)), `${text} on ${surface}`).toBeGreaterThanOrEqual(4.5);
  });

  it.each(themes)('text can be read on its wash and on filled buttons (%s)', (theme) => {
    for (const [text, under] of [
      ['accent', 'accent-wash'],
      ['danger', 'danger-wash'],
      ['caution', 'caution-wash'],
      ['ink-soft', 'danger-wash'],
      ['ink', 'accent-wash'],
      ['ink-soft', 'accent-wash'],
      ['ink-faint', 'accent-wash'],
      ['on-accent', 'accent'],
      ['on-accent', 'accent-strong'],
      ['on-danger', 'danger'],
    ] as const)
      expect(contrast(hex(text, theme), hex(under, theme)), `${text} on ${under}`).toBeGreaterThanOrEqual(4.5);
  });

  it.each(themes)('edges, lines of runs and parts of memory stand out from the surface (%s)', (theme) => {
    const names = [...pairs.keys()].filter((name) => /^(run|memory)-|^(edge|focus)$/.test(name));
    for (const name of names)
      for (const surface of ['paper', 'surface'])
        expect(contrast(hex(name, theme), hex(surface, theme)), `${name} on ${surface}`).toBeGreaterThanOrEqual(3);
  });

  it.each(themes)('two runs look different, also to eyes without red or green cones (%s)', (theme) => {
    for (const eye of Object.keys(EYES))
      for (let a = 0; a < RUN_LOOKS; a++)
        for (let b = a + 1; b < RUN_LOOKS; b++) {
          const apart = distance(hex(runToken(a), theme), hex(runToken(b), theme), eye);
          const dashed = JSON.stringify(runDash(a)) !== JSON.stringify(runDash(b));
          expect(dashed, `dashes of ${a + 1} and ${b + 1}`).toBe(true);
          // Of the first four colour alone is enough; the more there are, the more the dash helps.
          const least = b < 4 ? 0.1 : b < 6 ? 0.07 : 0.045;
          expect(apart, `runs ${a + 1} and ${b + 1}, ${eye}`).toBeGreaterThan(least);
        }
  });

  it.each(themes)('neighbours in a memory bar look different (%s)', (theme) => {
    for (const eye of Object.keys(EYES))
      for (let i = 1; i < MEMORY_CATEGORIES.length; i++) {
        const [a, b] = [MEMORY_CATEGORIES[i - 1]!, MEMORY_CATEGORIES[i]!];
        const apart = distance(hex(`memory-${a}`, theme), hex(`memory-${b}`, theme), eye);
        expect(apart, `${a} beside ${b}, ${eye}`).toBeGreaterThan(0.1);
      }
  });
});
