import { LIMITS, type Scalar } from '@multiswarm/contracts';
import { LabelColumn } from './label-column';
import { hasFolded, indexOf, type MetadataQuestion } from './metadata-question';
import { SEPARATOR, type Signature } from './signature';
import { Signatures } from './signatures';

const MOST_BYTES = LIMITS.SEARCH_METADATA_BYTES;
const NONE = 0;
const FIRST_BLOCKS = 64;
const FIRST_BYTES = 2 * MOST_BYTES;
const GROWTH = 1.5;
/** Keys whose values are kept at hand for counts. */
const MOST_LABELS = 4;
/** Longer texts are faster encoded by the engine. */
const PLAIN_CHARS = 128;

/**
 * The metadata of rows: what many have the same is there once, as a block of bytes (`key=value` for each entry, with
 * separators) and a signature that tells at a glance what a block cannot hold.
 *
 * Blocks are only added. Those that no row has any more are left behind when the column is copied.
 */
export class MetadataColumn {
  codes: Uint32Array;
  private bytesOfBlocks = Buffer.alloc(FIRST_BYTES);
  private used = 0;
  private count = 1;
  private read = 0;
  private starts = new Uint32Array(FIRST_BLOCKS);
  private lengths = new Uint16Array(FIRST_BLOCKS);
  private hashes = new Uint32Array(FIRST_BLOCKS);
  /** A bit for each block that was signed and has more than ASCII. */
  private foreign = new Uint32Array(bitWords(FIRST_BLOCKS));
  private readonly signatures = new Signatures((block, signature) => this.sign(block, signature));
  /** By key, the one that was asked for last at the end. */
  private readonly labels = new Map<string, LabelColumn>();
  /** Block at the place of its hash, or at the next free one. */
  private table = new Uint32Array(FIRST_BLOCKS * 2);

  constructor(capacity: number) {
    this.codes = new Uint32Array(capacity);
  }

  get bytes(): number {
    const { codes, bytesOfBlocks, starts, lengths, hashes, foreign, table, signatures } = this;
    const columns = [codes, bytesOfBlocks, starts, lengths, hashes, foreign, table];
    return columns.reduce((sum, { byteLength }) => sum + byteLength, signatures.bytes);
  }

  /** Distinct ones, and none. */
  get blocks(): number {
    return this.count;
  }

  set(row: number, metadata: Readonly<Record<string, Scalar>>): void {
    this.codes[row] = this.codeOf(metadata);
  }

  /** Whether a row has exactly these. */
  isOf(row: number, metadata: Readonly<Record<string, Scalar>>): boolean {
    return this.codes[row] === this.codeOf(metadata);
  }

  /** Makes room for more rows. */
  grow(capacity: number): this {
    this.codes = copied(this.codes, new Uint32Array(capacity));
    return this;
  }

  /** Into a column that is empty. */
  copy(from: MetadataColumn, rows: Uint32Array): void {
    const kept = new Uint32Array(from.count);
    let [count, bytes] = [1, 0];
    for (const row of rows) {
      const block = from.codes[row] as number;
      if (block === NONE || kept[block] !== NONE) continue;
      kept[block] = count++;
      bytes += from.lengths[block] as number;
    }
    this.makeRoom(Math.max(FIRST_BLOCKS, Math.ceil(count * GROWTH)));
    this.bytesOfBlocks = Buffer.alloc(Math.ceil(bytes * GROWTH) + MOST_BYTES);
    for (let row = 0; row < rows.length; row += 1) {
      const block = from.codes[rows[row] as number] as number;
      const own = kept[block] as number;
      // Blocks were numbered in the order in which they are met here.
      if (own === this.count) this.takeOver(from, block);
      this.codes[row] = own;
    }
    this.lineUp();
  }

  /** The values of one key. A few of them are kept from one question to the next. */
  label(key: string): LabelColumn {
    const label = this.labels.get(key) ?? new LabelColumn(this, key);
    this.labels.delete(key);
    this.labels.set(key, label);
    for (const oldest of this.labels.keys()) {
      if (this.labels.size <= MOST_LABELS) break;
      this.labels.delete(oldest);
    }
    return label;
  }

  /** How many blocks were read byte by byte: what takes long. */
  get reads(): number {
    return this.read;
  }

  /** Which blocks of a group may hold what is asked for, as their signatures say. @param into a bit for each block */
  find(group: number, { bits }: MetadataQuestion, into: Uint32Array): void {
    this.signatures.find(group, this.count, bits, into);
  }

  /** Whether a block that is signed does, told by its bytes. */
  holds(block: number, { exact, words }: MetadataQuestion): boolean {
    if (block === NONE) return false;
    this.read += 1;
    const from = this.starts[block] as number;
    const to = from + (this.lengths[block] as number);
    const all = this.bytesOfBlocks;
    for (const needle of exact) if (indexOf(all, from, to, needle) < 0) return false;
    if (words.every(({ isAscii, bytes }) => isAscii && hasFolded(all, from, to, bytes))) return true;
    // Of other blocks there may be letters that are ASCII in lower case only.
    if (!this.isForeign(block)) return false;
    const text = textOf(all, from, to).toLowerCase();
    return words.every((word) => text.includes(word.text));
  }

  /** The value of an entry of a block. @param needle the key as every entry with it begins */
  value(block: number, needle: Uint8Array): string | undefined {
    if (block === NONE) return undefined;
    this.read += 1;
    const from = this.starts[block] as number;
    const to = from + (this.lengths[block] as number);
    const at = indexOf(this.bytesOfBlocks, from, to, needle);
    if (at < 0) return undefined;
    const end = this.bytesOfBlocks.indexOf(SEPARATOR, at + needle.length);
    return this.bytesOfBlocks.toString('utf8', at + needle.length, end);
  }

  private codeOf(metadata: Readonly<Record<string, Scalar>>): number {
    return hasEntries(metadata) ? this.blockOf(metadata) : NONE;
  }

  /** Written at the end, where it stays if it is new. */
  private blockOf(metadata: Readonly<Record<string, Scalar>>): number {
    if (this.used + MOST_BYTES > this.bytesOfBlocks.length)
      this.bytesOfBlocks = copied(
        this.bytesOfBlocks,
        Buffer.alloc(Math.ceil(this.used * GROWTH) + FIRST_BYTES),
      );
    const from = this.used;
    const to = write(metadata, this.bytesOfBlocks, from);
    const hash = hashOf(this.bytesOfBlocks, from, to);
    const place = this.placeOf(hash, from, to);
    const known = this.table[place] as number;
    if (known !== NONE) return known;
    this.used = to;
    return this.add(place, hash, from, to);
  }

  private add(place: number, hash: number, from: number, to: number): number {
    const block = this.count++;
    this.table[place] = block;
    this.starts[block] = from;
    this.lengths[block] = to - from;
    this.hashes[block] = hash;
    if (this.count === this.starts.length) {
      this.makeRoom(Math.ceil(this.count * GROWTH));
      this.lineUp();
    }
    return block;
  }

  private sign(block: number, signature: Signature): void {
    if (block === NONE) return;
    this.read += 1;
    const all = this.bytesOfBlocks;
    const from = this.starts[block] as number;
    const to = from + (this.lengths[block] as number);
    signature.addEntries(all, from, to);
    if (isPlain(all, from, to)) return signature.addText(all, from, to);
    this.foreign[block >>> 5] = (this.foreign[block >>> 5] as number) | (1 << (block & 31));
    const bytes = encoder.encode(textOf(all, from, to).toLowerCase());
    signature.addText(bytes, 0, bytes.length);
  }

  private isForeign(block: number): boolean {
    return ((this.foreign[block >>> 5] as number) & (1 << (block & 31))) !== 0;
  }

  private takeOver(from: MetadataColumn, block: number): void {
    const own = this.count++;
    const length = from.lengths[block] as number;
    const start = from.starts[block] as number;
    for (let at = 0; at < length; at += 1)
      this.bytesOfBlocks[this.used + at] = from.bytesOfBlocks[start + at] as number;
    this.starts[own] = this.used;
    this.lengths[own] = length;
    this.hashes[own] = from.hashes[block] as number;
    this.used += length;
  }

  private makeRoom(blocks: number): void {
    this.starts = copied(this.starts, new Uint32Array(blocks));
    this.lengths = copied(this.lengths, new Uint16Array(blocks));
    this.hashes = copied(this.hashes, new Uint32Array(blocks));
    this.foreign = copied(this.foreign, new Uint32Array(bitWords(blocks)));
    this.table = new Uint32Array(2 ** Math.ceil(Math.log2((blocks * 4) / 3 + 1)));
  }

  /** Fills the table of places anew. */
  private lineUp(): void {
    const mask = this.table.length - 1;
    for (let block = 1; block < this.count; block += 1) {
      let place = (this.hashes[block] as number) & mask;
      while (this.table[place] !== NONE) place = (place + 1) & mask;
      this.table[place] = block;
    }
  }

  private placeOf(hash: number, from: number, to: number): number {
    const mask = this.table.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const block = this.table[place] as number;
      if (block === NONE || (this.hashes[block] === hash && this.isSame(block, from, to))) return place;
    }
  }

  private isSame(block: number, from: number, to: number): boolean {
    if (this.lengths[block] !== to - from) return false;
    const all = this.bytesOfBlocks;
    const start = this.starts[block] as number;
    for (let at = from; at < to; at += 1) if (all[start + at - from] !== all[at]) return false;
    return true;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function bitWords(bits: number): number {
  return (bits + 31) >>> 5;
}

function hasEntries(metadata: object): boolean {
  for (const _key in metadata) return true;
  return false;
}

/** As much as there is room for. @returns where it ends */
function write(metadata: Readonly<Record<string, Scalar>>, bytes: Uint8Array, from: number): number {
  const end = from + MOST_BYTES;
  let at = from;
  bytes[at++] = SEPARATOR;
  for (const key in metadata) {
    if (at + 1 >= end) break;
    // A separator must fit behind it.
    at = writeText(`${key}=${metadata[key]}`, bytes, at, end - 1);
    bytes[at++] = SEPARATOR;
  }
  return at;
}

function writeText(text: string, bytes: Uint8Array, from: number, end: number): number {
  const { length } = text;
  // Most texts are short and plain: no call out of JavaScript.
  if (length <= PLAIN_CHARS && from + length <= end) {
    let at = 0;
    for (; at < length; at += 1) {
      const code = text.charCodeAt(at);
      if (code >= 0x80) break;
      bytes[from + at] = code;
    }
    if (at === length) return from + length;
  }
  return from + encoder.encodeInto(text, bytes.subarray(from, end)).written;
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
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
  // A copy: slices of a buffer are the buffer itself.
  const text = Uint8Array.from(bytes.subarray(from, to));
  for (let at = 0; at < text.length; at += 1) if (text[at] === SEPARATOR) text[at] = 0x0a;
  return decoder.decode(text);
}

function copied<T extends Uint8Array | Uint16Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
