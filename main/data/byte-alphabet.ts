/**
 * The printable stand-ins of bytes in byte-level vocabularies (as GPT-2 introduced them): printable Latin-1 stands for itself,
 * every other byte for the next free character from U+0100 on.
 */
export const byteCharacters: readonly string[] = (() => {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
})();
