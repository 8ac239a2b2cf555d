import { LIMITS, type Scalar } from '@multiswarm/contracts';
import { indexOf, lower, type MetadataQuestion } from './metadata-question';
import { SEPARATOR, Signature, SIGNATURE_WORDS } from './signature';

const MOST_BYTES = LIMITS.SEARCH_METADATA_BYTES;
const NONE = 0;
const FIRST_BLOCKS = 64;
const FIRST_BYTES = 4_096;
const GROWTH = 1.5;
/** Longer texts are faster encoded by the engine. */
const PLAIN_CHARS = 128;

/**
 * The metadata of rows: what many have the same is there once, as a block of bytes (`key=value` for each entry, with
 * separators) and a signature that tells at a glance what a block cannot hold.
 *
 * Blocks are only added. Those that no row has any more are left behind when the column is copied.
 */
export class MetadataColumn {
  readonly codes: Uint32Array;
  private bytesOfBlocks = new Uint8Array(FIRST_BYTES);
  private used = 0;
  private count = 1;
  private starts = new Uint32Array(FIRST_BLOCKS);
  private lengths = new Uint16Array(FIRST_BLOCKS);
  private hashes = new Uint32Array(FIRST_BLOCKS);
  private signatures = new Uint32Array(FIRST_BLOCKS * SIGNATURE_WORDS);
  /** Block at the place of its hash, or at the next free one. */
  private table = new Uint32Array(FIRST_BLOCKS * 2);

  constructor(capacity: number) {
    this.codes = new Uint32Array(capacity);
  }

  get bytes(): number {
    const columns = [this.codes, this.starts, this.lengths, this.hashes, this.signatures, this.table];
    return columns.reduce((sum, { byteLength }) => sum + byteLength, this.bytesOfBlocks.byteLength);
  }

  /** Distinct ones, and none. */
  get blocks(): number {
    return this.count;
  }

  set(row: number, metadata: Readonly<Record<string, Scalar>>): void {
    const length = write(metadata);
    if (length > 0) this.codes[row] = this.blockOf(scratch, length);
  }

  copy(from: MetadataColumn, rows: Uint32Array): void {
    const translated = new Uint32Array(from.count);
    for (let row = 0; row < rows.length; row += 1) {
      const block = from.codes[rows[row] as number] as number;
      if (block === NONE) continue;
      let own = translated[block] as number;
      if (own === NONE) {
        const start = from.starts[block] as number;
        const length = from.lengths[block] as number;
        own = this.blockOf(from.bytesOfBlocks.subarray(start, start + length), length);
        translated[block] = own;
      }
      this.codes[row] = own;
    }
  }

  /** Whether a block holds what is asked for. */
  answers(block: number, { masks, exact, words }: MetadataQuestion): boolean {
    if (block === NONE) return false;
    for (const { word, bits } of masks)
      if (((this.signatures[block * SIGNATURE_WORDS + word] as number) & bits) >>> 0 !== bits) return false;
    const from = this.starts[block] as number;
    const to = from + (this.lengths[block] as number);
    const all = this.bytesOfBlocks;
    for (const needle of exact) if (indexOf(all, from, to, needle, false) < 0) return false;
    if (words.length === 0) return true;
    if (words.every(({ isAscii: plain }) => plain) && isPlain(all, from, to))
      return words.every(({ bytes }) => indexOf(all, from, to, bytes, true) >= 0);
    const text = textOf(all, from, to).toLowerCase();
    return words.every((word) => text.includes(word.text));
  }

  /** The value of an entry of a block. @param needle the key as every entry with it begins */
  value(block: number, needle: Uint8Array): string | undefined {
    if (block === NONE) return undefined;
    const from = this.starts[block] as number;
    const to = from + (this.lengths[block] as number);
    const at = indexOf(this.bytesOfBlocks, from, to, needle, false);
    if (at < 0) return undefined;
    const end = this.bytesOfBlocks.indexOf(SEPARATOR, at + needle.length);
    return textOf(this.bytesOfBlocks, at + needle.length, end);
  }

  private blockOf(bytes: Uint8Array, length: number): number {
    const hash = hashOf(bytes, length);
    const place = this.placeOf(hash, bytes, length);
    const known = this.table[place] as number;
    return known === NONE ? this.add(place, hash, bytes, length) : known;
  }

  private add(place: number, hash: number, bytes: Uint8Array, length: number): number {
    const block = this.count;
    if (block === this.starts.length) {
      this.grow();
      place = this.placeOf(hash, bytes, length);
    }
    if (this.used + length > this.bytesOfBlocks.length)
      this.bytesOfBlocks = copied(
        this.bytesOfBlocks,
        new Uint8Array(Math.ceil((this.used + length) * GROWTH)),
      );
    this.count += 1;
    this.bytesOfBlocks.set(bytes.subarray(0, length), this.used);
    this.starts[block] = this.used;
    this.lengths[block] = length;
    this.hashes[block] = hash;
    this.sign(block, this.used, this.used + length);
    this.used += length;
    this.table[place] = block;
    return block;
  }

  private sign(block: number, from: number, to: number): void {
    signature.clear();
    if (isPlain(this.bytesOfBlocks, from, to)) {
      for (let at = from; at < to; at += 1) folded[at - from] = lower(this.bytesOfBlocks[at] as number);
      signature.add(folded, 0, to - from);
    } else signature.add(encoder.encode(textOf(this.bytesOfBlocks, from, to).toLowerCase()));
    this.signatures.set(signature.bits, block * SIGNATURE_WORDS);
  }

  private grow(): void {
    const size = Math.ceil(this.count * GROWTH);
    this.starts = copied(this.starts, new Uint32Array(size));
    this.lengths = copied(this.lengths, new Uint16Array(size));
    this.hashes = copied(this.hashes, new Uint32Array(size));
    this.signatures = copied(this.signatures, new Uint32Array(size * SIGNATURE_WORDS));
    this.table = new Uint32Array(2 ** Math.ceil(Math.log2((size * 4) / 3 + 1)));
    const mask = this.table.length - 1;
    for (let block = 1; block < this.count; block += 1) {
      let place = (this.hashes[block] as number) & mask;
      while (this.table[place] !== NONE) place = (place + 1) & mask;
      this.table[place] = block;
    }
  }

  private placeOf(hash: number, bytes: Uint8Array, length: number): number {
    const mask = this.table.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const block = this.table[place] as number;
      if (block === NONE || (this.hashes[block] === hash && this.isSame(block, bytes, length))) return place;
    }
  }

  private isSame(block: number, bytes: Uint8Array, length: number): boolean {
    if (this.lengths[block] !== length) return false;
    const start = this.starts[block] as number;
    for (let at = 0; at < length; at += 1) if (this.bytesOfBlocks[start + at] !== bytes[at]) return false;
    return true;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const signature = new Signature();
const scratch = new Uint8Array(MOST_BYTES);
const folded = new Uint8Array(MOST_BYTES);

/** Into `scratch`, as much as there is room for. @returns the length, 0 where there is no entry */
function write(metadata: Readonly<Record<string, Scalar>>): number {
  let at = 0;
  for (const key in metadata) {
    if (at + 2 >= MOST_BYTES) break;
    if (at === 0) scratch[at++] = SEPARATOR;
    const value = metadata[key];
    const text = `${key}=${value}`;
    at += writeText(text, at);
    scratch[at++] = SEPARATOR;
  }
  return at;
}

/** Leaves room for a separator. */
function writeText(text: string, at: number): number {
  const room = MOST_BYTES - at - 1;
  // Most texts are short and plain: no call out of JavaScript.
  if (text.length <= room && text.length < PLAIN_CHARS) {
    let length = 0;
    for (; length < text.length; length += 1) {
      const code = text.charCodeAt(length);
      if (code >= 0x80) break;
      scratch[at + length] = code;
    }
    if (length === text.length) return length;
  }
  return encoder.encodeInto(text, scratch.subarray(at, at + room)).written;
}

function hashOf(bytes: Uint8Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < length; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Nothing but ASCII and separators. */
function isPlain(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (byte >= 0x80 && byte !== SEPARATOR) return false;
  }
  return true;
}

/** Separators become a character that no word has, since no word has white space. */
function textOf(bytes: Uint8Array, from: number, to: number): string {
  const text = bytes.slice(from, to);
  for (let at = 0; at < text.length; at += 1) if (text[at] === SEPARATOR) text[at] = 0x0a;
  return decoder.decode(text);
}

function copied<T extends Uint8Array | Uint16Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
