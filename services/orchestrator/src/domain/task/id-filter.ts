/** Bits per id, and places per id, at which about one foreign id in a thousand is taken for a known one. */
const BITS_PER_ID = 16;
const PLACES = 6;
const WORD = 32;

/**
 * A set of ids that forgets none and may take a foreign one for its own, in two bytes per id: a Bloom filter (B. H. Bloom, 1970,
 * "Space/time trade-offs in hash coding with allowable errors"), with the places of an id derived from two hashes of it
 * (A. Kirsch and M. Mitzenmacher, 2006, "Less hashing, same performance").
 */
export class IdFilter {
  private readonly words: Uint32Array;
  private readonly bits: number;
  private first = 0;
  private step = 0;

  /** @param capacity ids; with more of them foreign ones are taken for known more and more often */
  constructor(readonly capacity: number) {
    this.words = new Uint32Array(Math.max(1, Math.ceil((capacity * BITS_PER_ID) / WORD)));
    this.bits = this.words.length * WORD;
  }

  add(id: string): void {
    this.hash(id);
    for (let place = this.first, left = PLACES; left > 0; left -= 1, place = this.next(place))
      this.words[place >>> 5] = (this.words[place >>> 5] ?? 0) | (1 << (place & 31));
  }

  /** False only where the id was never added. */
  mayHave(id: string): boolean {
    this.hash(id);
    for (let place = this.first, left = PLACES; left > 0; left -= 1, place = this.next(place))
      if (((this.words[place >>> 5] ?? 0) & (1 << (place & 31))) === 0) return false;
    return true;
  }

  private next(place: number): number {
    return (place + this.step) % this.bits;
  }

  /** FNV-1a (Fowler, Noll, Vo), and a second one with another basis, each stirred at the end as MurmurHash3 does. */
  private hash(id: string): void {
    let one = 0x811c9dc5;
    let two = 0x9747b28c;
    for (let at = 0; at < id.length; at += 1) {
      const code = id.charCodeAt(at);
      one = Math.imul(one ^ code, 0x01000193);
      two = Math.imul(two ^ code, 0x01000193);
    }
    this.first = stirred(one) % this.bits;
    this.step = 1 + (stirred(two) % (this.bits - 1));
  }
}

function stirred(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
