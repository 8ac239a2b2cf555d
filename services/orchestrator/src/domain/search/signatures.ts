import { Signature, SIGNATURE_BITS } from './signature';

/** Blocks whose signatures are kept together. */
export const GROUP = { shift: 10, blocks: 1_024, words: 32 } as const;
const WORDS_OF_GROUP = SIGNATURE_BITS * GROUP.words;
const GROWTH = 1.25;

/** Adds what a block has. */
type Signing = (block: number, signature: Signature) => void;

/**
 * The signatures of blocks, bit by bit: of the blocks of a group, first who has bit 0, one bit for each, then who has bit 1.
 * A question has few bits and is put to hundreds of blocks, so it reads a few lines of the cache for all of them, not one
 * line for each.
 *
 * Blocks are signed in the order of their numbers within a group, when somebody first asks about the group: most never are.
 */
export class Signatures {
  private bits = new Uint32Array(0);
  /** By group: how many of its blocks are signed. */
  private signed = new Uint16Array(0);

  constructor(private readonly signing: Signing) {}

  get bytes(): number {
    return this.bits.byteLength + this.signed.byteLength;
  }

  /**
   * Which blocks of a group have all of some bits.
   * @param blocks how many there are in all
   * @param into a bit for each block, from the first of all on
   */
  find(group: number, blocks: number, wanted: Uint16Array, into: Uint32Array): void {
    this.sign(group, Math.min(blocks - group * GROUP.blocks, GROUP.blocks));
    const { bits } = this;
    const first = group * WORDS_OF_GROUP;
    for (let word = 0; word < GROUP.words; word += 1) {
      let having = -1;
      for (let at = 0; at < wanted.length && having !== 0; at += 1)
        having &= bits[first + (wanted[at] as number) * GROUP.words + word] as number;
      into[group * GROUP.words + word] = having;
    }
  }

  /** @param count how many blocks the group has by now */
  private sign(group: number, count: number): void {
    if (group >= this.signed.length) this.grow(group + 1);
    for (let within = this.signed[group] as number; within < count; within += 1) {
      SCRATCH.clear();
      this.signing(group * GROUP.blocks + within, SCRATCH);
      this.put(group * WORDS_OF_GROUP + (within >>> 5), 1 << (within & 31));
    }
    this.signed[group] = count;
  }

  private put(first: number, own: number): void {
    const { bits } = this;
    const count = SCRATCH.list(LIST);
    for (let at = 0; at < count; at += 1) {
      const word = first + (LIST[at] as number) * GROUP.words;
      bits[word] = (bits[word] as number) | own;
    }
  }

  private grow(groups: number): void {
    const room = Math.ceil(groups * GROWTH);
    const { bits, signed } = this;
    this.bits = new Uint32Array(room * WORDS_OF_GROUP);
    this.bits.set(bits);
    this.signed = new Uint16Array(room);
    this.signed.set(signed);
  }
}

const SCRATCH = new Signature();
const LIST = new Uint16Array(SIGNATURE_BITS);
