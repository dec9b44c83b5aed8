// Structured cloning through JSON. Both functions are also run inside the page, from their own text: they may use nothing outside.

/** JSON-safe form of what structured cloning can copy. Throws, as it does, for functions and symbols. */
export function pack(value: unknown): unknown {
  const base64 = (bytes: Uint8Array): string => {
    let text = '';
    for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    return btoa(text);
  };
  const each = (value: unknown): unknown => {
    if (value === undefined) return { $: 'undefined' };
    if (typeof value === 'bigint') return { $: 'bigint', v: String(value) };
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
      return { $: 'number', v: Object.is(value, -0) ? '-0' : String(value) };
    if (typeof value === 'function' || typeof value === 'symbol') throw new Error('An object could not be cloned.');
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(each);
    if (value instanceof Date) return { $: 'date', v: value.getTime() };
    if (value instanceof Map) return { $: 'map', v: [...value].map((pair) => pair.map(each)) };
    if (value instanceof Set) return { $: 'set', v: [...value].map(each) };
    if (value instanceof Error) return { $: 'error', v: value.message };
    if (value instanceof ArrayBuffer) return { $: 'ArrayBuffer', v: base64(new Uint8Array(value)) };
    if (ArrayBuffer.isView(value)) {
      const name = value.constructor.name === 'Buffer' ? 'Uint8Array' : value.constructor.name;
      return { $: name, v: base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
    }
    return { $: 'object', v: Object.entries(value).map(([key, entry]) => [key, each(entry)]) };
  };
  return each(value);
}

/** What `pack` packed. */
export function unpack(packed: unknown): unknown {
  const each = (value: unknown): unknown => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(each);
    const { $: kind, v } = value as { $: string; v: unknown };
    const body = v as string;
    const list = v as unknown[];
    if (kind === 'undefined') return undefined;
    if (kind === 'bigint') return BigInt(body);
    if (kind === 'number') return Number(body);
    if (kind === 'date') return new Date(Number(v));
    if (kind === 'map') return new Map(list.map((pair) => (pair as unknown[]).map(each) as [unknown, unknown]));
    if (kind === 'set') return new Set(list.map(each));
    if (kind === 'error') return new Error(body);
    if (kind === 'object')
      return Object.fromEntries((list as [string, unknown][]).map(([key, entry]) => [key, each(entry)]));
    const letters = atob(body);
    const bytes = new Uint8Array(letters.length);
    for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at);
    if (kind === 'ArrayBuffer') return bytes.buffer;
    const View = (globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => unknown>)[kind]!;
    return new View(bytes.buffer);
  };
  return each(packed);
}
