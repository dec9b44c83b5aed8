/**
 * A copy without Vue's proxies, which cannot cross to the preload script. Typed arrays go as they are; what is undefined is left
 * out, as JSON would.
 */
export function plain(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(plain);
  const copy: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) if (each !== undefined) copy[key] = plain(each);
  return copy;
}
