/** What GGUF files call the kinds of tokens (`tokenizer.ggml.token_type`). */
export const TOKEN_KIND = { normal: 1, unknown: 2, control: 3, ownText: 4, unused: 5, byte: 6 };

/** How a token is written that the vocabulary does not have. */
export const unusedToken = (id: number): string => `[PAD${id}]`;
