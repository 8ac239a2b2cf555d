const WORDS = 4;
const DIGITS = 32;
const DIGITS_PER_WORD = DIGITS / WORDS;
const EMPTY = 0;
/** By character; -1 for what is no hexadecimal digit. */
const HEX = Int8Array.from({ length: 128 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code)),
);

/**
 * The ids of rows, in sixteen bytes each, and the way from an id to its row. What stands behind the prefix of a shard's ids
 * is up to 32 hexadecimal digits (`keyedUnique`, `systemIds`); an id of another form is kept as a text, which costs more.
 *
 * No id is ever taken out: rows that are gone are left behind when the column is copied, and a newer row takes the place of
 * an older one with the same id.
 */
export class IdColumn {
  private readonly words: Uint32Array;
  /** How many digits each id has; 0 for one that is kept as a text. */
  private readonly digits: Uint8Array;
  private texts = new Map<number, string>();
  private rowsOfTexts = new Map<string, number>();
  /** Row + 1 at the place of its hash, or at the next free one. */
  private readonly table: Uint32Array;
  private readonly mask: number;
  /** The id that was last looked for, how many digits it has, and its place in the table. */
  private readonly scratch = new Uint32Array(WORDS);
  private digitsLooked = 0;
  private placeLooked = 0;

  constructor(
    private readonly prefix: string,
    capacity: number,
  ) {
    this.words = new Uint32Array(capacity * WORDS);
    this.digits = new Uint8Array(capacity);
    const places = 2 ** Math.ceil(Math.log2((capacity * 4) / 3 + 1));
    this.table = new Uint32Array(places);
    this.mask = places - 1;
  }

  get bytes(): number {
    return this.words.byteLength + this.digits.byteLength + this.table.byteLength;
  }

  /** @returns the newest row of an id, or -1 */
  find(id: string): number {
    const digits = this.pack(id);
    this.digitsLooked = digits;
    if (digits === 0) return this.rowsOfTexts.get(id) ?? -1;
    this.placeLooked = this.placeOf(digits);
    return (this.table[this.placeLooked] as number) - 1;
  }

  /** Gives a row the id that was last looked for here. */
  set(row: number, id: string): void {
    if (this.digitsLooked === 0) {
      this.texts.set(row, id);
      this.rowsOfTexts.set(id, row);
    } else this.put(row, this.digitsLooked, this.placeLooked);
  }

  /** All rows of a smaller column. */
  take(from: IdColumn): void {
    this.words.set(from.words);
    this.digits.set(from.digits);
    this.texts = from.texts;
    this.rowsOfTexts = from.rowsOfTexts;
    // Of rows with the same id only the newest has a place.
    for (const entry of from.table) if (entry !== EMPTY) this.enter(entry - 1);
  }

  /** Takes a row over from another column. */
  copyRow(from: IdColumn, before: number, row: number): void {
    const digits = from.digits[before] as number;
    if (digits === 0) {
      const id = from.id(before);
      this.texts.set(row, id);
      this.rowsOfTexts.set(id, row);
      return;
    }
    for (let at = 0; at < WORDS; at += 1) this.scratch[at] = from.words[before * WORDS + at] as number;
    this.put(row, digits, this.placeOf(digits));
  }

  id(row: number): string {
    const digits = this.digits[row] as number;
    if (digits === 0) return this.texts.get(row) ?? '';
    let hex = '';
    for (let at = 0; at < WORDS; at += 1)
      hex += (this.words[row * WORDS + at] as number).toString(16).padStart(8, '0');
    return this.prefix + hex.slice(0, digits);
  }

  /** In the order of the ids as texts. */
  compare(a: number, b: number): number {
    if (this.digits[a] === 0 || this.digits[b] === 0) return compareTexts(this.id(a), this.id(b));
    for (let at = 0; at < WORDS; at += 1) {
      const difference = (this.words[a * WORDS + at] as number) - (this.words[b * WORDS + at] as number);
      if (difference !== 0) return difference;
    }
    return (this.digits[a] as number) - (this.digits[b] as number);
  }

  compareWith(row: number, id: string): number {
    return compareTexts(this.id(row), id);
  }

  /** What is in `scratch`. */
  private put(row: number, digits: number, place: number): void {
    this.table[place] = row + 1;
    for (let at = 0; at < WORDS; at += 1) this.words[row * WORDS + at] = this.scratch[at] as number;
    this.digits[row] = digits;
  }

  /** Gives a row its place in the table. */
  private enter(row: number): void {
    for (let at = 0; at < WORDS; at += 1) this.scratch[at] = this.words[row * WORDS + at] as number;
    this.table[this.placeOf(this.digits[row] as number)] = row + 1;
  }

  /** Into `scratch`. @returns the number of digits, 0 where the id is of another form */
  private pack(id: string): number {
    const { prefix, scratch } = this;
    const digits = id.length - prefix.length;
    if (digits < 1 || digits > DIGITS || !id.startsWith(prefix)) return 0;
    const from = prefix.length;
    let faults = 0;
    // Word by word, in a register: this is the largest part of what an index costs a change.
    for (let word = 0; word < WORDS; word += 1) {
      const first = from + word * DIGITS_PER_WORD;
      const end = Math.min(id.length, first + DIGITS_PER_WORD);
      let value = 0;
      for (let at = first; at < end; at += 1) {
        const code = id.charCodeAt(at);
        const digit = code < 128 ? (HEX[code] as number) : -1;
        faults |= digit;
        value = (value << 4) | digit;
      }
      scratch[word] = end <= first ? 0 : value << ((first + DIGITS_PER_WORD - end) * 4);
    }
    if (faults < 0) return 0;
    return digits;
  }

  /** The place in the table of what is in `scratch`: where it is, or where it would go. */
  private placeOf(digits: number): number {
    const { scratch } = this;
    let hash = 0;
    for (let word = 0; word < WORDS; word += 1)
      hash = Math.imul(hash ^ (hash >>> 15) ^ (scratch[word] as number), 0x85ebca6b);
    for (let place = (hash ^ (hash >>> 16)) & this.mask; ; place = (place + 1) & this.mask) {
      const entry = this.table[place] as number;
      if (entry === EMPTY || this.isAt(entry - 1, digits)) return place;
    }
  }

  private isAt(row: number, digits: number): boolean {
    const { words, scratch } = this;
    const from = row * WORDS;
    return (
      this.digits[row] === digits &&
      words[from] === scratch[0] &&
      words[from + 1] === scratch[1] &&
      words[from + 2] === scratch[2] &&
      words[from + 3] === scratch[3]
    );
  }
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
