/** Numbers that a fresh list has room for. */
const ROOM = 8;

/** A list of endpoint indices without holes: what is taken out is replaced by the last one. */
export class IndexList {
  private items = new Int32Array(ROOM);
  private length = 0;

  get size(): number {
    return this.length;
  }

  at(position: number): number {
    return this.items[position] as number;
  }

  /** Returns its position. */
  push(index: number): number {
    if (this.length === this.items.length) {
      const items = new Int32Array(this.length * 2);
      items.set(this.items);
      this.items = items;
    }
    this.items[this.length] = index;
    this.length += 1;
    return this.length - 1;
  }

  /** Takes out what is at a position. Returns the index that is there now: the one that was last; -1 where it was the last itself. */
  take(position: number): number {
    this.length -= 1;
    if (position === this.length) return -1;
    const last = this.items[this.length] as number;
    this.items[position] = last;
    return last;
  }

  /** The first ones, as an array. */
  first(count: number): number[] {
    return [...this.items.subarray(0, Math.min(count, this.length))];
  }
}
