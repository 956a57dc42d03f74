/** A copy with the item at `index` replaced; removed where nothing is given in its place. */
export function replaceAt<T>(items: readonly T[], index: number, ...by: T[]): T[] {
  return [...items.slice(0, index), ...by, ...items.slice(index + 1)];
}
