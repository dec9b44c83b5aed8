import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { scanRecord } from '../../main/data/readers/csv-record.ts';
import { jsonFault } from '../../main/data/readers/json-fault.ts';
import { isRow, type Finding } from '../../main/data/readers/row.ts';
import { formatOf, openSource, readSource } from '../../main/data/source.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'rankwise-readers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, content: string | Buffer): string => {
  const full = path.join(folder, name);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, content);
  return full;
};
const read = async (source: string): Promise<Finding[]> => {
  const findings: Finding[] = [];
  for await (const batch of readSource(openSource(source))) findings.push(...batch);
  return findings;
};
const rows = async (source: string) => (await read(source)).filter(isRow).map(({ values }) => values);
const problems = async (source: string) =>
  (await read(source)).flatMap((each) => (isRow(each) ? [] : [[each.line, each.column, each.row, each.message]]));

describe('JSON Lines', () => {
  it('keeps the good rows and tells line and column of the others', async () => {
    const source = file('mixed.jsonl', '{"a":1}\r\n\n{"a":2,}\n[1]\n{"a":"x\n{"a":"ü"}');
    expect(await rows(source)).toEqual([{ a: 1 }, { a: 'ü' }]);
    expect(await problems(source)).toEqual([
      [3, 8, 2, 'Not JSON: a comma before “}”.'],
      [4, 1, 3, 'The row is a list, not an object.'],
      [5, 8, 4, 'Not JSON: the text that begins at character 6 has no closing quote.'],
    ]);
  });

  it('tells the lines of its rows', async () => {
    const found = await read(file('lines.jsonl', '\n{"a":1}\n\n{"a":2}\n'));
    expect(found.filter(isRow).map(({ line, row }) => [line, row])).toEqual([[2, 1], [4, 2]]); // prettier-ignore
  });

  it('joins lines that its pieces cut', async () => {
    const long = 'é'.repeat(800_000);
    const source = file('long.jsonl', `{"a":"${long}"}\n{"a":"${long}x"}\n{"b":1}`);
    expect((await rows(source)).map((values) => String(values.a).length)).toEqual([800_000, 800_001, 9]);
  });

  it.each([
    ['a byte-order mark', Buffer.from('\ufeff{"a":"é"}\n')],
    ['UTF-16 with a mark', Buffer.from('\ufeff{"a":"é"}\n', 'utf16le')],
    ['UTF-16 without one', Buffer.from('{"a":"é"}\n', 'utf16le')],
    ['UTF-16, big end first', Buffer.from('\ufeff{"a":"é"}\n', 'utf16le').swap16()],
  ])('reads %s', async (name, bytes) => {
    expect(await rows(file(`${name}.jsonl`, bytes))).toEqual([{ a: 'é' }]);
  });

  it('names a byte that is no UTF-8, and uses the other rows', async () => {
    const source = file('latin.jsonl', Buffer.from('{"a":"caf\xe9"}\n{"a":"b"}', 'latin1'));
    expect(await problems(source)).toEqual([[1, 10, 1, 'The byte 0xe9 begins no character of UTF-8.']]);
    expect(await rows(source)).toEqual([{ a: 'b' }]);
  });

  it('counts every byte and ends when it is asked to', async () => {
    const source = openSource(file('counted.jsonl', '\ufeff{"a":1}\n{"a":2}\n'));
    let bytes = 0;
    for await (const _ of readSource(source, { onBytes: (more) => (bytes += more) })) void _;
    expect(bytes).toBe(source.bytes);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(readSource(source, { signal }).next()).rejects.toThrow('enough');
  });
});

describe('JSON', () => {
  it.each([
    ['a list', '[{"a":1},\n {"a":"[,]\\"{"}\n]', [{ a: 1 }, { a: '[,]"{' }]],
    [
      'an object with one list',
      '{"version": 1, "meta": {"tags": ["x"]}, "data": [{"a": [1, [2]]}]}',
      [{ a: [1, [2]] }],
    ],
    ['an empty list', '[ ]', []],
    ['a mark and spaces', '\ufeff \n[{"a":1}]\n\n', [{ a: 1 }]],
  ])('reads %s', async (name, text, expected) => {
    expect(await rows(file(`${name}.json`, text))).toEqual(expected);
  });

  it('tells where a row is wrong and uses the others', async () => {
    const source = file('wrong.json', '[\n  {"a": 1},\n  {"a": tru},\n  7,\n  {"a": 2}\n  {"a": 3},\n  {"a": 4},\n]');
    expect(await rows(source)).toEqual([{ a: 1 }, { a: 4 }]);
    expect(await problems(source)).toEqual([
      [3, 9, 2, 'Not JSON: expected a value, found “t”.'],
      [4, 3, 3, 'The row is a number, not an object.'],
      [6, 3, 4, 'Not JSON: “{” after the end of the value.'],
      [8, 1, null, 'Not JSON: a comma, and no row behind it.'],
    ]);
  });

  it('tells a file that is cut, and uses what came before', async () => {
    const source = file('cut.json', '[{"a":1},\n{"a":');
    expect(await rows(source)).toEqual([{ a: 1 }]);
    expect(await problems(source)).toEqual([[2, 6, 2, 'Not JSON: expected a value, found the end.']]);
  });

  it.each([
    ['two lists', '{"a":[{}],"b":[{}]}', 'holds several lists'],
    ['no list', '{"a":{"b":[]}}', 'holds no list of rows'],
    ['a text', '"x"', 'neither a list nor an object'],
    ['more than one value', '[{"a":1}]\n[{"a":2}]', 'more behind its end'],
  ])('refuses %s', async (name, text, message) => {
    await expect(rows(file(`${name}.json`, text))).rejects.toThrow(message);
  });

  it('is told from JSON Lines under its name', () => {
    expect(formatOf(file('lines.json', '{"a":1}\n{"a":2}\n'))).toBe('jsonl');
    expect(formatOf(file('pretty.json', '{\n  "a": [\n{}]}'))).toBe('json');
    expect(formatOf(file('list.json', '[{"a":1},\n{"a":2}]'))).toBe('json');
  });
});

describe('tables of text', () => {
  it('reads quotes, line breaks, and the separator of the first line', async () => {
    const source = file('table.csv', '\ufeffprompt;completion\n"a;b";"c ""d""\nsecond"\r\nx;y\n');
    expect(await rows(source)).toEqual([
      { prompt: 'a;b', completion: 'c "d"\nsecond' },
      { prompt: 'x', completion: 'y' },
    ]);
    expect((await read(source)).map((each) => each.line)).toEqual([2, 4]);
  });

  it('reads tabs', async () => {
    expect(await rows(file('table.tsv', 'a\tb\n1, 2\t3\n'))).toEqual([{ a: '1, 2', b: '3' }]);
  });

  it('tells rows with too many fields, and bytes that are no UTF-8', async () => {
    const source = file('bad.csv', Buffer.from('a,b\n1,2,3\n4,caf\xe9\n5,6\n', 'latin1'));
    expect(await rows(source)).toEqual([{ a: '5', b: '6' }]);
    expect(await problems(source)).toEqual([
      [2, null, 1, 'The row has 3 fields, the first line names 2 columns.'],
      [3, null, 2, 'The field “b” holds the byte 0xe9, which begins no character of UTF-8.'],
    ]);
  });

  it('tells quotes that are not in order and goes on with the next line', async () => {
    const source = file('quotes.csv', 'a,b\n1,"x"y\n2,5" nails\n3,"open\n4,5\n');
    expect(await problems(source)).toEqual([
      [2, 6, 1, 'A quoted field goes on behind its closing quote.'],
      [4, 3, 3, 'The quote that opens here is not closed.'],
    ]);
    expect(await rows(source)).toEqual([{ a: '2', b: '5" nails' }, { a: '4', b: '5' }]); // prettier-ignore
  });

  it.each(['\n', '\r\n', '\r'])('reads lines that end with %j', async (end) => {
    const source = file('ends.csv', ['a,b', '"1\n",', '', ',""""', ''].join(end));
    expect(await rows(source)).toEqual([{ a: '1\n', b: '' }, { a: '', b: '"' }]); // prettier-ignore
  });

  it('never takes a part of a record for the whole, wherever the bytes are cut', () => {
    const bytes = Buffer.from('"a ""b""\r\nc",d\r\n,"",\r"x"\n');
    const whole = [['a "b"\r\nc', 'd'], ['', '', ''], ['x']]; // prettier-ignore
    for (let cut = 0; cut <= bytes.length; cut++) {
      const records: string[][] = [];
      for (let at = 0; at < cut;) {
        const scan = scanRecord(bytes.subarray(0, cut), at, 0x2c, cut === bytes.length);
        if (scan.kind !== 'record') break;
        records.push(scan.fields.map(String));
        at = scan.next;
      }
      expect(records).toEqual(whole.slice(0, records.length));
      if (cut === bytes.length) expect(records).toHaveLength(3);
    }
  });

  it('reads a table of many pieces', async () => {
    const lines = Array.from({ length: 50_000 }, (_, i) => `${i},${'x'.repeat(40)}`);
    const found = await rows(file('many.csv', `n,text\n${lines.join('\n')}\n`));
    expect(found).toHaveLength(50_000);
    expect(found.at(-1)).toEqual({ n: '49999', text: 'x'.repeat(40) });
  });

  it('refuses columns of the same name', async () => {
    await expect(rows(file('twice.csv', 'a,a\n1,2\n'))).rejects.toThrow('“a” twice');
  });
});

describe('sources', () => {
  it('are folders of one format, in order of names', async () => {
    file('shards/b.jsonl', '{"n":2}\n');
    file('shards/a.jsonl', '{"n":1}\n');
    file('shards/README.md', 'what they are');
    expect(await rows(path.join(folder, 'shards'))).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('are texts where a folder holds texts, whatever lies beside them', () => {
    file('book/chapter.txt', 'x');
    file('book/settings.json', '{}');
    expect(formatOf(path.join(folder, 'book'))).toBe('text');
  });

  it('are refused where a folder mixes formats', () => {
    file('mixed/a.csv', 'a\n');
    file('mixed/b.jsonl', '{}');
    expect(() => formatOf(path.join(folder, 'mixed'))).toThrow('csv, jsonl');
  });

  it('have documents of a text as rows', async () => {
    const found = await read(file('docs.txt', 'one\n<|endoftext|>two\n<|endoftext|> \n'));
    expect(found.filter(isRow).map(({ values, line }) => [values.text, line])).toEqual([['one\n', 1], ['two\n', 2]]); // prettier-ignore
  });
});

describe('the fault of a text that is no JSON', () => {
  const texts = ['{"a":1}', '[1,-2.5e3,true,false,null,"\\u00e9\\n"]', ' {} ', '0', '"\u2028"'];
  it.each(texts)('is none in %s', (text) => expect(jsonFault(text)).toBeNull());

  const chars = [...'{}[]":,\\ 01-.eutrnl\n'];
  it('is found where JSON.parse finds one, for every short text of its signs', () => {
    // Numbered texts instead of random ones: the same every time.
    for (let n = 0; n < 160_000; n++) {
      let text = '';
      for (let rest = n; rest > 0; rest = Math.floor(rest / chars.length)) text += chars[rest % chars.length]!;
      let sound = true;
      try {
        JSON.parse(text);
      } catch {
        sound = false;
      }
      if (sound !== (jsonFault(text) === null)) throw new Error(`they differ about ${JSON.stringify(text)}`);
    }
  });
});
