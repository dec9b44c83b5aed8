/** A layer's name taken apart: “model.layers.3.self_attn.q_proj” is q_proj of block 3. What is in no block has its own name as group. */
export function layerParts(layer: string): { block: string; part: string } {
  const parts = layer.replace(/\.weight$/, '').split('.');
  const number = parts.findIndex((each) => /^\d+$/.test(each));
  if (number < 0) return { block: '', part: parts.at(-1) ?? layer };
  return { block: parts[number]!, part: parts.at(-1)! };
}
