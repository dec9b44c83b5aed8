export type BakeType = 'float32' | 'bfloat16';

/** Bytes of a model's weights stored as a type. */
export const bakedBytes = (parameters: number, type: BakeType): number => parameters * (type === 'float32' ? 4 : 2);

/** “Qwen + moby” of base “Qwen” and adapter “moby”; with 2, 3, … where such a model is there already. */
export function bakedName(base: string, adapter: string, taken: readonly string[]): string {
  const wanted = `${base} + ${adapter}`.slice(0, 110);
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted} ${count}`;
    if (!taken.includes(name)) return name;
  }
}
