/** Places that a fresh group has room for: a word of bits. */
const PLACES = 32;
/** Places of one block, of which is known how many are open: a power of two of words. */
const BLOCK = 1_024;

/**
 * Members of groups, and a bit for each that says whether it is open. All groups of a pool lie in the same few arrays, so that whoever looks
 * at many groups, or at one member of each, reads a few lines of memory. A change of one member touches one bit and two counts.
 *
 * M1. A group has the places `start` to `start + size − 1`, one for each member; its room is a power of two, and begins at a multiple of it.
 * M2. A bit is set only at a place that has a member. `counts` has the number of set bits by group, `blocks` by 1,024 places.
 */
export class Memberships {
  /** By group: where its places begin, how many it has room for, how many members there are, and how many of them are open. */
  private starts = new Int32Array(PLACES);
  private rooms = new Int32Array(PLACES);
  private sizes = new Int32Array(PLACES);
  counts = new Int32Array(PLACES);
  private members = new Int32Array(BLOCK);
  private bits = new Int32Array(BLOCK / PLACES);
  private blocks = new Int32Array(1);
  private groups = 0;
  private taken = 0;

  /** How many groups there are. */
  get size(): number {
    return this.groups;
  }

  /** Returns the number of a new group. */
  add(): number {
    const group = this.groups;
    this.groups += 1;
    if (group === this.starts.length) {
      this.starts = twice(this.starts);
      this.rooms = twice(this.rooms);
      this.sizes = twice(this.sizes);
      this.counts = twice(this.counts);
    }
    this.starts[group] = this.take(PLACES);
    this.rooms[group] = PLACES;
    return group;
  }

  /** How many members a group has, open or not. */
  sizeOf(group: number): number {
    return this.sizes[group] as number;
  }

  /** The member at a position of a group below its size. */
  memberAt(group: number, position: number): number {
    return this.members[(this.starts[group] as number) + position] as number;
  }

  isOpen(group: number, position: number): boolean {
    const place = (this.starts[group] as number) + position;
    return (((this.bits[place >> 5] as number) >>> (place & 31)) & 1) === 1;
  }

  /** Returns the position of a new member, which is not open. */
  join(group: number, member: number): number {
    const position = this.sizes[group] as number;
    if (position === this.rooms[group]) this.move(group);
    this.sizes[group] = position + 1;
    this.members[(this.starts[group] as number) + position] = member;
    return position;
  }

  /** Takes out a member that is not open; the last one takes its position. Returns that one; -1 where it was the last itself. */
  leave(group: number, position: number): number {
    const last = (this.sizes[group] as number) - 1;
    this.sizes[group] = last;
    if (position === last) return -1;
    const moved = this.memberAt(group, last);
    this.members[(this.starts[group] as number) + position] = moved;
    if (this.set(group, last, false)) this.set(group, position, true);
    return moved;
  }

  /** Opens or closes a member. Returns whether it was not so before. */
  set(group: number, position: number, isOpen: boolean): boolean {
    const { bits, blocks, counts } = this;
    const place = (this.starts[group] as number) + position;
    const word = place >> 5;
    const bit = 1 << (place & 31);
    const before = bits[word] as number;
    const after = isOpen ? before | bit : before & ~bit;
    if (after === before) return false;
    const by = isOpen ? 1 : -1;
    bits[word] = after;
    blocks[place >> 10] = (blocks[place >> 10] as number) + by;
    counts[group] = (counts[group] as number) + by;
    return true;
  }

  /** The open member at a rank below the count of its group, in the order of positions. */
  openAt(group: number, rank: number): number {
    const start = this.starts[group] as number;
    const size = this.sizes[group] as number;
    if (size === this.counts[group]) return this.members[start + rank] as number;
    const { bits, blocks } = this;
    let left = rank;
    let word = start >> 5;
    // A smaller group shares its block with others (M1).
    if (size >= BLOCK)
      for (let block = start >> 10; left >= (blocks[block] as number); block += 1) {
        left -= blocks[block] as number;
        word += BLOCK / PLACES;
      }
    for (let ones = onesIn(bits[word] as number); left >= ones; ones = onesIn(bits[word] as number)) {
      left -= ones;
      word += 1;
    }
    return this.members[(word << 5) + nthOne(bits[word] as number, left)] as number;
  }

  /** Members that are not open, so many at most, written into `into` from index `from` on. Returns up to where. */
  closed(group: number, most: number, into: number[], from: number): number {
    let found = from;
    const size = this.sizes[group] as number;
    for (let position = 0; position < size && found < most; position += 1) {
      if (this.isOpen(group, position)) continue;
      into[found] = this.memberAt(group, position);
      found += 1;
    }
    return found;
  }

  /** Gives a group twice the room, somewhere else. */
  private move(group: number): void {
    const from = this.starts[group] as number;
    const room = this.rooms[group] as number;
    const to = this.take(room * 2);
    const { bits, blocks, members } = this;
    members.copyWithin(to, from, from + room);
    for (let place = 0; place < room; place += PLACES) {
      const word = bits[(from + place) >> 5] as number;
      bits[(to + place) >> 5] = word;
      bits[(from + place) >> 5] = 0;
      const ones = onesIn(word);
      blocks[(to + place) >> 10] = (blocks[(to + place) >> 10] as number) + ones;
      blocks[(from + place) >> 10] = (blocks[(from + place) >> 10] as number) - ones;
    }
    this.starts[group] = to;
    this.rooms[group] = room * 2;
  }

  /** M1: where so many places begin, a power of two. */
  private take(places: number): number {
    const start = (this.taken + places - 1) & -places;
    this.taken = start + places;
    while (this.taken > this.members.length) {
      this.members = twice(this.members);
      this.bits = twice(this.bits);
      this.blocks = twice(this.blocks);
    }
    return start;
  }
}

function twice(from: Int32Array): Int32Array<ArrayBuffer> {
  const to = new Int32Array(from.length * 2);
  to.set(from);
  return to;
}

/** How many bits are set (Warren, Hacker's Delight, 5-1). */
function onesIn(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Where the set bit of a rank is that is below their number: halves are left out as long as that is in the other one. */
function nthOne(word: number, rank: number): number {
  let left = rank;
  let from = 0;
  for (let half = 16; half > 0; half >>= 1) {
    const ones = onesIn((word >>> from) & ((1 << half) - 1));
    if (left < ones) continue;
    left -= ones;
    from += half;
  }
  return from;
}
