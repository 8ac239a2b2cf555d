import type { MetadataColumn } from './metadata-column';
import { labelNeedle } from './metadata-question';

const UNKNOWN = 0;
/** Of blocks without the key. */
const NONE = 1;
/** Of blocks with a value that is not among those that are told apart. */
const OTHERS = 2;
const FIRST = 3;
/** Values of one key that are told apart. */
const MOST_VALUES = 10_000;

/** The values of one key of the metadata, by block: a number for each value, found out when it is first asked for. */
export class LabelColumn {
  private codes = new Uint32Array(0);
  private readonly names: string[] = [];
  private readonly known = new Map<string, number>();
  private readonly needle: Uint8Array;

  constructor(
    private readonly metadata: MetadataColumn,
    key: string,
  ) {
    this.needle = labelNeedle(key);
  }

  /** One more than the largest code. */
  get size(): number {
    return FIRST + this.names.length;
  }

  /** @returns undefined for values that are not told apart, null where there is none */
  name(code: number): string | null | undefined {
    if (code === NONE) return null;
    return code === OTHERS ? undefined : this.names[code - FIRST];
  }

  codeOf(block: number): number {
    if (block >= this.codes.length) {
      const codes = new Uint32Array(Math.ceil(Math.max(block + 1, this.metadata.blocks) * 1.5));
      codes.set(this.codes);
      this.codes = codes;
    }
    const code = this.codes[block] as number;
    return code === UNKNOWN ? (this.codes[block] = this.find(block)) : code;
  }

  private find(block: number): number {
    const value = this.metadata.value(block, this.needle);
    if (value === undefined) return NONE;
    const known = this.known.get(value);
    if (known !== undefined) return known;
    if (this.names.length === MOST_VALUES) return OTHERS;
    const code = FIRST + this.names.push(value) - 1;
    this.known.set(value, code);
    return code;
  }
}
