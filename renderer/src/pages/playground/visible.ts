/** A token's text with what cannot be seen made visible: “␣whale”, “⏎”. A token without text is part of a character: “…”. */
export function visible(text: string): string {
  if (text === '') return '…';
  return text.replaceAll(' ', '␣').replaceAll('\n', '⏎').replaceAll('\t', '⇥');
}
