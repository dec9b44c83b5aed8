// JSON that keeps what structured cloning would: the browser's door speaks it, so that both doors answer alike.

const ARRAYS = { $f64: Float64Array, $f32: Float32Array, $i32: Int32Array, $u8: Uint8Array } as const;
type Tag = keyof typeof ARRAYS;

/** Text of a value: typed arrays as tagged base64, numbers that JSON lacks by name. Keys that begin with "$" get a second one. */
export function encodeWire(value: unknown): string {
  return JSON.stringify(tagged(value)) ?? 'null';
}

/** The value of a text that `encodeWire` made. Throws a SyntaxError for anything else. */
export function decodeWire(text: string): unknown {
  return untagged(JSON.parse(text));
}

function tagged(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $number: String(value) };
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(tagged);
  for (const [tag, type] of Object.entries(ARRAYS)) {
    if (value instanceof type)
      return { [tag]: toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key.startsWith('$') ? `$${key}` : key, tagged(each)]),
  );
}

function untagged(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(untagged);
  const entries: [string, unknown][] = Object.entries(value);
  if (entries.length === 1) {
    const [key, body] = entries[0]!;
    if (key === '$number') return Number(body);
    if (Object.hasOwn(ARRAYS, key)) return arrayOf(key as Tag, body);
  }
  return Object.fromEntries(entries.map(([key, each]) => [key.startsWith('$$') ? key.slice(1) : key, untagged(each)]));
}

function arrayOf(tag: Tag, body: unknown): unknown {
  const type = ARRAYS[tag];
  const bytes = typeof body === 'string' ? fromBase64(body) : undefined;
  if (!bytes || bytes.byteLength % type.BYTES_PER_ELEMENT !== 0)
    throw new SyntaxError(`A ${tag} holds no whole numbers.`);
  return new type(bytes.buffer);
}

// Both sides have btoa and atob; Buffer and Uint8Array.toBase64 are each missing on one.
function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at);
  return bytes;
}
