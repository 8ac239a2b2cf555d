/** Bytes of a value as JSON in UTF-8, which is what travels: characters are not bytes. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

export interface ChunkLimits {
  bytes: number;
  items?: number;
}

/** Cuts a list, in order, into parts within the limits; an item that is larger than that travels alone. */
export function chunkByBytes<T>(
  items: readonly T[],
  bytesOf: (item: T) => number,
  { bytes: maxBytes, items: maxItems = Infinity }: ChunkLimits,
): T[][] {
  const chunks: T[][] = [];
  let current: T[] = [];
  let size = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (current.length > 0 && (size + bytes > maxBytes || current.length >= maxItems)) {
      chunks.push(current);
      current = [];
      size = 0;
    }
    current.push(item);
    size += bytes;
  }
  if (current.length > 0) chunks.push(current);
  return chunks;
}
