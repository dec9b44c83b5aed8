import { byteCharacters } from './byte-alphabet.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Where the tokens of a text stand in its UTF-8 bytes: first and one-past-last byte of each. */
export interface TokenPlaces {
  begins: Int32Array;
  ends: Int32Array;
}

const byteOf = new Map(byteCharacters.map((character, byte) => [character, byte]));
const SPACE = 0x20;

/**
 * Finds the tokens of a text in it by spelling them out one after another: the spellings together must be the text, byte by byte.
 * Null where they are not, such as under a tokenizer that changes letters: see `tokensBefore`.
 */
export function tokenPlaces(tokenizer: Tokenizer, text: string, tokens: readonly string[]): TokenPlaces | null {
  if (tokenizer.spelling === null) return null;
  const bytes = Buffer.from(text, 'utf8');
  const places: TokenPlaces = { begins: new Int32Array(tokens.length), ends: new Int32Array(tokens.length) };
  let at = 0;
  for (let i = 0; i < tokens.length;) {
    const added = tokenizer.addedTokens.has(tokens[i]!);
    let end = i + 1;
    if (!added) while (end < tokens.length && !tokenizer.addedTokens.has(tokens[end]!)) end++;
    const spellings = tokens
      .slice(i, end)
      .map((token) => (added ? Buffer.from(token, 'utf8') : spell(token, tokenizer.spelling!)));
    const next = place(bytes, at, spellings, places, i) ?? placeAfterDummy(tokenizer, bytes, at, spellings, places, i);
    if (next === null) return null;
    at = next;
    i = end;
  }
  return skipSpace(bytes, at) === bytes.length ? places : null;
}

/**
 * How many tokens of a text stand before a character, for tokenizers whose tokens cannot be spelled out: the tokens that the
 * beginning of the text shares with the whole. `cut`: the next token has characters on both sides.
 */
export function tokensBefore(
  tokenizer: Tokenizer,
  text: string,
  ids: readonly number[],
  character: number,
): { count: number; cut: boolean } {
  const before = tokenizer.spell(text.slice(0, character)).ids;
  let count = 0;
  while (count < before.length && before[count] === ids[count]) count++;
  return { count, cut: count < before.length };
}

function place(bytes: Buffer, from: number, spellings: Buffer[], places: TokenPlaces, first: number): number | null {
  let at = from;
  for (const [i, spelling] of spellings.entries()) {
    // White space beside an added token may belong to it.
    if (!startsAt(bytes, at, spelling)) {
      const next = i === 0 ? skipSpace(bytes, at) : at;
      if (next === at || !startsAt(bytes, next, spelling)) return null;
      at = next;
    }
    places.begins[first + i] = at;
    at += spelling.length;
    places.ends[first + i] = at;
  }
  return at;
}

// SentencePiece puts a space before what follows an added token, and before the text.
function placeAfterDummy(
  tokenizer: Tokenizer,
  bytes: Buffer,
  at: number,
  spellings: Buffer[],
  places: TokenPlaces,
  first: number,
): number | null {
  if (tokenizer.spelling !== 'spaces' || spellings[0]?.[0] !== SPACE) return null;
  return place(bytes, at, [spellings[0].subarray(1), ...spellings.slice(1)], places, first);
}

function startsAt(bytes: Buffer, at: number, part: Buffer): boolean {
  return at + part.length <= bytes.length && bytes.compare(part, 0, part.length, at, at + part.length) === 0;
}

function skipSpace(bytes: Buffer, at: number): number {
  let next = at;
  while (next < bytes.length && [SPACE, 0x0a, 0x0d, 0x09].includes(bytes[next]!)) next++;
  return next;
}

function spell(token: string, spelling: 'bytes' | 'spaces'): Buffer {
  if (spelling === 'bytes') {
    const bytes = [...token].map((character) => byteOf.get(character));
    // A character that is no byte's stand-in spells nothing that is in the text.
    return bytes.includes(undefined) ? Buffer.from(token, 'utf8') : Buffer.from(bytes as number[]);
  }
  const byte = /^<0x([0-9A-F]{2})>$/.exec(token);
  return byte ? Buffer.from([parseInt(byte[1]!, 16)]) : Buffer.from(token.replaceAll('▁', ' '), 'utf8');
}
