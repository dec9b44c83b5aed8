/** A token's text with its line breaks made visible; they still break the line. */
export function visible(text: string): string {
  return text.replaceAll('\r', '␍').replaceAll('\n', '↵\n').replaceAll('\t', '⇥\t');
}
