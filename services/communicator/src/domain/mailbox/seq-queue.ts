interface Numbered {
  readonly seq: number;
}

/** A queue in the order of sequences: what is new goes to the end, and what comes back goes to its place near the front. */
export class SeqQueue<T extends Numbered> {
  private items: T[] = [];
  private head = 0;

  get size(): number {
    return this.items.length - this.head;
  }

  get first(): T | undefined {
    return this.items[this.head];
  }

  /** O(1) at the end, O(k) for the k-th place from the front. */
  add(item: T): void {
    const last = this.items[this.items.length - 1];
    if (this.size === 0 || last === undefined || last.seq < item.seq) {
      this.items.push(item);
      return;
    }
    let at = this.head;
    while ((this.items[at]?.seq ?? Infinity) < item.seq) at += 1;
    if (at === this.head && this.head > 0) {
      this.head -= 1;
      this.items[this.head] = item;
    } else this.items.splice(at, 0, item);
  }

  shift(): T | undefined {
    const item = this.items[this.head];
    if (item === undefined) return undefined;
    this.head += 1;
    if (this.head > 256 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  /** Takes one out wherever it is; false where it is not there. */
  remove(item: T): boolean {
    const at = this.items.indexOf(item, this.head);
    if (at < 0) return false;
    this.items.splice(at, 1);
    return true;
  }

  *values(): IterableIterator<T> {
    for (let at = this.head; at < this.items.length; at += 1) yield this.items[at] as T;
  }
}
