import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const source = path.resolve(import.meta.dirname, '../../renderer/src');
const read = (file: string): string => readFileSync(path.join(source, file), 'utf8');

/** "home.first.title" → text, of every file of the locale; entries of a list share the key of the list. */
function messages(): Map<string, string> {
  const all = new Map<string, string>();
  const visit = (key: string, value: unknown): void => {
    if (typeof value === 'string') all.set(key, value);
    else if (Array.isArray(value)) all.set(key, JSON.stringify(value));
    else for (const [name, inner] of Object.entries(value as object)) visit(`${key}.${name}`, inner);
  };
  for (const file of globSync('locales/en/*.json', { cwd: source }))
    visit(path.basename(file, '.json'), JSON.parse(read(file)));
  return all;
}

const files = globSync('**/*.{ts,vue}', { cwd: source });
const code = files.map((file) => ({ file, text: read(file) }));
const known = messages();
const namespaces = new Set([...known.keys()].map((key) => key.split('.')[0]));

describe('the words of the screens', () => {
  it('has every key that is asked for', () => {
    const missing: string[] = [];
    for (const { file, text } of code) {
      for (const [, key] of text.matchAll(/(?<![\w.])(?:\$?t|tm|te)\(\s*['"]([\w.-]+)['"]/g))
        if (!known.has(key!)) missing.push(`${file}: ${key}`);
      for (const [, prefix] of text.matchAll(/(?<![\w.])(?:\$?t|tm|te)\(\s*`([\w.-]*)\$\{/g))
        if (![...known.keys()].some((key) => key.startsWith(prefix!))) missing.push(`${file}: ${prefix}…`);
    }
    expect(missing).toEqual([]);
  });

  it('uses every key that it has', () => {
    const whole = code.map(({ text }) => text).join('\n');
    const literals = new Set([...whole.matchAll(/['"`]([\w-]+(?:\.[\w-]+)+)['"`]/g)].map(([, key]) => key));
    const patterns = [...whole.matchAll(/`([\w-]+\.[\w.-]*(?:\$\{[^`]*?\}[\w.-]*)+)`/g)]
      .filter(([, text]) => namespaces.has(text!.split('.')[0]))
      .map(
        ([, text]) =>
          new RegExp(
            `^${text!
              .split(/\$\{[^}]*\}/)
              .map(escaped)
              .join('[\\w-]+')}$`,
          ),
      );
    const unused = [...known.keys()].filter((key) => !literals.has(key) && !patterns.some((each) => each.test(key)));
    expect(unused).toEqual([]);
  });

  it('reads no word from the templates themselves', () => {
    const words: string[] = [];
    for (const { file, text } of code.filter(({ file }) => file.endsWith('.vue'))) {
      const template = /<template>([\s\S]*)<\/template>/.exec(text)?.[1] ?? '';
      const plain = template.replaceAll(/<!--[\s\S]*?-->/g, '').replaceAll(/\{\{[\s\S]*?\}\}/g, '');
      const between = plain.replaceAll(/<(?:"[^"]*"|'[^']*'|[^'">])*>/g, '\n');
      for (const line of between.split('\n')) if (/[A-Za-z]{3,}/.test(line)) words.push(`${file}: ${line.trim()}`);
    }
    expect(words).toEqual(['components/shell/AppRail.vue: Rankwise']);
  });
});

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
