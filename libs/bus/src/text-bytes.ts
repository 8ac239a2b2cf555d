/** Bytes of one piece of memory, which many texts share. */
const PIECE_BYTES = 64 * 1024;
/** A unit of UTF-16 has three bytes of UTF-8 at most. */
const BYTES_PER_UNIT = 3;

/**
 * Texts in UTF-8, one behind the other in a piece of memory. Finding out first how long a text is in bytes, and a piece of eight
 * kilobytes for every ten answers, as `Buffer.from` has it, costs several times what writing them takes. Nothing is written over: who
 * was given bytes may keep them.
 */
export class TextBytes {
  private piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  private used = 0;

  of(text: string): Uint8Array {
    const most = text.length * BYTES_PER_UNIT;
    // The rest of a piece that is given up is an eighth of it at most.
    if (most > PIECE_BYTES / 8) return Buffer.from(text);
    if (this.used + most > PIECE_BYTES) {
      this.piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
      this.used = 0;
    }
    const from = this.used;
    this.used += this.piece.write(text, from);
    return this.piece.subarray(from, this.used);
  }
}
