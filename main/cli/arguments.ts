import { InvalidArgumentError } from 'commander';
import { parseSize } from '../../preload/contract/size.ts';

/** Parsers of option values: what does not fit is wrong usage (status 2). */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('Expected a whole number.');
  return value;
}

export function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError('Expected at least 1.');
  return value;
}

export function portNumber(text: string): number {
  const value = wholeNumber(text);
  if (value > 65_535) throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return value;
}

export function numberBetween(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= low && value <= high))
      throw new InvalidArgumentError(`Expected a number from ${low} to ${high}.`);
    return value;
  };
}

export function byteSize(text: string): number {
  const value = parseSize(text);
  if (value === undefined) throw new InvalidArgumentError('Expected a size such as 8GiB.');
  return value;
}

/** `name=value`, collected over repeated options; numbers and true/false as such. */
export function methodSetting(text: string, before: Record<string, unknown>): Record<string, unknown> {
  const match = /^([A-Za-z]\w*)=(.+)$/.exec(text);
  if (!match) throw new InvalidArgumentError('Expected name=value.');
  const [, name, value] = match;
  const number = Number(value);
  const parsed = value === 'true' || value === 'false' ? value === 'true' : Number.isNaN(number) ? value : number;
  return { ...before, [name!]: parsed };
}
