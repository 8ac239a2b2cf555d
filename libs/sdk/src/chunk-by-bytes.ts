/** Cuts a list, in order, into parts of at most `maxBytes` and `maxItems`; an item that is larger than that travels alone. */
export function chunkByBytes<T extends { readonly bytes: number }>(
  items: readonly T[],
  maxBytes: number,
  maxItems: number,
): T[][] {
  const chunks: T[][] = [];
  let current: T[] = [];
  let size = 0;
  for (const item of items) {
    if (current.length > 0 && (size + item.bytes > maxBytes || current.length >= maxItems)) {
      chunks.push(current);
      current = [];
      size = 0;
    }
    current.push(item);
    size += item.bytes;
  }
  if (current.length > 0) chunks.push(current);
  return chunks;
}
