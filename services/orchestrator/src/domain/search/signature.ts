/** Between entries, before the first and after the last: no byte of UTF-8. */
export const SEPARATOR = 0xff;
/** A power of two. With half as many, words that are made of common letters are sought in vain in thousands of blocks. */
export const SIGNATURE_BITS = 512;
/** Of a hash of 32 bits, what is too much. */
const SHIFT = 32 - Math.log2(SIGNATURE_BITS);
const FIRST_HASH = 0x811c9dc5;

/**
 * A signature has a bit for each three bytes that follow each other, and two for each entry as a whole: a text cannot hold
 * another one, nor an entry, that has bits which it lacks.
 */
export class Signature {
  private readonly words = new Uint32Array(SIGNATURE_BITS / 32);

  clear(): void {
    this.words.fill(0);
  }

  /** @param bytes in lower case, or such as are ASCII and get so */
  addText(bytes: Uint8Array, from: number, to: number): void {
    const { words } = this;
    let last = 0;
    for (let at = from; at < to; at += 1) {
      last = ((last << 8) | lower(bytes[at] as number)) & 0xffffff;
      if (at < from + 2) continue;
      const bit = Math.imul(last, 0x9e3779b1) >>> SHIFT;
      words[bit >>> 5] = (words[bit >>> 5] as number) | (1 << (bit & 31));
    }
  }

  /** Of what stands between separators, as it is: `key=value`. */
  addEntries(bytes: Uint8Array, from: number, to: number): void {
    let hash = FIRST_HASH;
    for (let at = from + 1; at < to; at += 1) {
      const byte = bytes[at] as number;
      if (byte !== SEPARATOR) {
        hash = Math.imul(hash ^ byte, 0x01000193);
        continue;
      }
      const mixed = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
      this.add(mixed >>> SHIFT);
      this.add((mixed >>> 12) & (SIGNATURE_BITS - 1));
      hash = FIRST_HASH;
    }
  }

  /** Into a list that has room for all. @returns how many it has */
  list(into: Uint16Array): number {
    const { words } = this;
    let count = 0;
    for (let word = 0; word < words.length; word += 1)
      for (let left = words[word] as number; left !== 0; left &= left - 1)
        into[count++] = (word << 5) | (31 - Math.clz32(left & -left));
    return count;
  }

  private add(bit: number): void {
    this.words[bit >>> 5] = (this.words[bit >>> 5] as number) | (1 << (bit & 31));
  }
}

export function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
