const NONE = 0;

/** A column of texts of which many rows have the same: a number for each row, and each text once. */
export class NameColumn {
  readonly codes: Uint32Array;
  /** By code; the first stands for none. */
  names: (string | undefined)[] = [undefined];
  private known = new Map<string, number>();

  constructor(capacity: number) {
    this.codes = new Uint32Array(capacity);
  }

  get bytes(): number {
    return this.codes.byteLength;
  }

  set(row: number, name: string | undefined): void {
    if (name === undefined) this.codes[row] = NONE;
    else if (this.names[this.codes[row] as number] !== name) this.codes[row] = this.codeOf(name);
  }

  get(row: number): string | undefined {
    return this.names[this.codes[row] as number];
  }

  /** All rows of a smaller column, with its texts. */
  take(from: NameColumn): void {
    this.codes.set(from.codes);
    this.names = from.names;
    this.known = from.known;
  }

  /** Takes rows over; texts that no row has any more are left behind. */
  copy(from: NameColumn, rows: Uint32Array): void {
    const translated = new Uint32Array(from.names.length);
    for (let row = 0; row < rows.length; row += 1) {
      const code = from.codes[rows[row] as number] as number;
      const name = from.names[code];
      if (name === undefined) continue;
      let own = translated[code] as number;
      if (own === NONE) own = translated[code] = this.codeOf(name);
      this.codes[row] = own;
    }
  }

  /** For each code, 1 where its text will do. */
  allowed(allows: (name: string) => boolean): Uint8Array {
    return Uint8Array.from(this.names, (name) => (name !== undefined && allows(name) ? 1 : 0));
  }

  private codeOf(name: string): number {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const code = this.names.push(name) - 1;
    this.known.set(name, code);
    return code;
  }
}
