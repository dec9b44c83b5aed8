import { describe, expect, it } from 'vitest';
import { redacted, redactedValue, type Secrets } from '../../main/services/redaction.ts';
import { answers } from '../../main/services/share/answers.ts';
import { curves } from '../../main/services/share/curves.ts';
import { html } from '../../main/services/share/html.ts';
import { differenceOf, piecesOf } from '../../preload/contract/word-difference.ts';
import type { RunSummary, Series } from '../../preload/contract/runs.ts';

const secrets: Secrets = {
  folders: [
    ['/home/ada/.local/share/rankwise', '<rankwise>'],
    ['/home/ada', '~'],
  ],
  words: ['ada', 'analytical-engine'],
};

describe('what is given to others', () => {
  it.each([
    ['in /home/ada/.local/share/rankwise/runs/a', 'in <rankwise>/runs/a'],
    ['read /home/ada/texts/whale.txt', 'read ~/texts/whale.txt'],
    ['at /mnt/data/corpora/whale.txt: gone', 'at …/whale.txt: gone'],
    ['C:\\Users\\Ada\\whale.txt', '…\\whale.txt'],
    ['Ada on analytical-engine', '… on …'],
    ['adam and adapter', 'adam and adapter'],
    ['key hf_abcdefghijklmnop', 'key …'],
    ['{"api_key": "s3cr3t"}', '{"api_key": "…"}'],
    ['sampleTokens: 48, tokens: 3', 'sampleTokens: 48, tokens: 3'],
    ['2 / 3 of 1/2', '2 / 3 of 1/2'],
  ])('%s becomes %s', (text, told) => {
    expect(redacted(text, secrets)).toBe(told);
  });

  it('holds no path in any value, with spaces or without', () => {
    const value = { data: { train: '/mnt/disk one/my texts/whale.txt', steps: 3 }, list: ['/home/ada/x y/z'] };
    expect(redactedValue(value, secrets)).toEqual({ data: { train: '…/whale.txt', steps: 3 }, list: ['~/x y/z'] });
    const numbers = { steps: Float64Array.of(1, 2) };
    expect(redactedValue(numbers, secrets).steps).toBe(numbers.steps);
  });
});

describe('the page of a comparison', () => {
  it('escapes what came from outside', () => {
    const name = '<script>alert("1")</script>&\'';
    expect(html`<td title="${name}">${[name, 3, null]}</td>`.text).toBe(
      '<td title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;">&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;3</td>',
    );
  });

  it('draws every run with its own dash, and says in words what is drawn', () => {
    const series = (values: number[]): Series => {
      const steps = Float64Array.from(values, (_, index) => index * 10);
      const extreme = Float64Array.from(values);
      return { run: 'r', key: 'loss', steps, minimum: extreme, maximum: extreme, count: values.length };
    };
    const drawn = curves('Loss', [series([5, 3, NaN, 2]), series([6, 1])], ['a', 'b'])!.text;
    expect(drawn).toContain('class="curve run-0"');
    expect(drawn).toContain('class="curve run-1"');
    expect(drawn).toContain('a from 5.000 to 2.000; b from 6.000 to 1.000.');
    expect(drawn).not.toContain('NaN');
    expect(curves('Loss', [series([])], ['a'])).toBeNull();
  });

  it('marks the words that the first answer does not have', () => {
    const runs = [
      { id: 'a', name: 'A' },
      { id: 'b', name: 'B' },
    ] as RunSummary[];
    const given = [
      { run: 'a', text: 'the white whale', error: null },
      { run: 'b', text: 'the <b>black whale', error: null },
    ];
    const page = answers([{ prompt: 'What?', answers: given, difference: 1 / 3 }], runs)!.text;
    expect(page).toContain('33 % of the words differ');
    expect(page).toContain('&lt;');
    expect(page).not.toContain('<b>');
    expect(page).toMatch(/<mark>[^<]*black/);
  });
});

describe('the difference of two answers', () => {
  it.each([
    ['the white whale', 'the white whale', 0],
    ['', '', 0],
    ['one two three four', 'one two three five', 2 / 8],
    ['yes', 'no', 1],
  ])('of “%s” and “%s” is %f', (first, other, difference) => {
    expect(differenceOf(first, other)).toBeCloseTo(difference, 10);
  });

  it('is marked in the second one', () => {
    expect(piecesOf('a white whale', 'a black whale')).toEqual([
      { text: 'a ', changed: false },
      { text: 'black', changed: true },
      { text: ' whale', changed: false },
    ]);
  });
});
