/** Between entries, before the first and after the last: no byte of UTF-8. */
export const SEPARATOR = 0xff;
export const SIGNATURE_WORDS = 8;

/** One bit for each three bytes that follow each other: a text cannot hold another one that has bits which it lacks. */
export class Signature {
  readonly bits = new Uint32Array(SIGNATURE_WORDS);

  clear(): void {
    this.bits.fill(0);
  }

  /** @param bytes in lower case */
  add(bytes: Uint8Array, from = 0, to = bytes.length): void {
    const { bits } = this;
    for (let at = from + 2; at < to; at += 1) {
      const hash = Math.imul(
        (bytes[at - 2] as number) | ((bytes[at - 1] as number) << 8) | ((bytes[at] as number) << 16),
        0x9e3779b1,
      );
      const bit = hash >>> 24;
      bits[bit >>> 5] = (bits[bit >>> 5] as number) | (1 << (bit & 31));
    }
  }
}
