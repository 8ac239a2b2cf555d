/** Between entries, before the first and after the last: no byte of UTF-8. */
export const SEPARATOR = 0xff;
/**
 * A signature has a bit for each three bytes that follow each other: a text cannot hold another one that has bits which it
 * lacks.
 */
export const SIGNATURE_WORDS = 8;

/** Bits of a signature from here on. @param bytes in lower case, or such as are ASCII and get so */
export function sign(bytes: Uint8Array, from: number, to: number, bits: Uint32Array, first: number): void {
  let last = 0;
  for (let at = from; at < to; at += 1) {
    last = ((last << 8) | lower(bytes[at] as number)) & 0xffffff;
    if (at < from + 2) continue;
    const bit = Math.imul(last, 0x9e3779b1) >>> 24;
    const word = first + (bit >>> 5);
    bits[word] = (bits[word] as number) | (1 << (bit & 31));
  }
}

export function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
