/**
 * A binary heap that tells its items where they are, so that any of them can be moved or taken out in O(log n).
 */
export class Heap<T> {
  private readonly items: T[] = [];

  /**
   * @param before whether the first goes out before the second
   * @param moved told the index of an item whenever it changes; -1 when it is out
   */
  constructor(
    private readonly before: (a: T, b: T) => boolean,
    private readonly moved: (item: T, at: number) => void,
  ) {}

  get size(): number {
    return this.items.length;
  }

  get top(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    this.items.push(item);
    this.up(item, this.items.length - 1);
  }

  pop(): T | undefined {
    const { top } = this;
    if (top !== undefined) this.removeAt(0);
    return top;
  }

  removeAt(at: number): void {
    const out = this.items[at];
    const last = this.items.pop();
    if (out === undefined || last === undefined) return;
    if (at < this.items.length) this.settle(last, at);
    this.moved(out, -1);
  }

  /** The item at this place is to go out earlier or later than before. */
  fixAt(at: number): void {
    const item = this.items[at];
    if (item !== undefined) this.settle(item, at);
  }

  /** In no order. */
  values(): readonly T[] {
    return this.items;
  }

  private settle(item: T, at: number): void {
    if (!this.up(item, at)) this.down(item, at);
  }

  private up(item: T, from: number): boolean {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.items[above] as T;
      if (!this.before(item, parent)) break;
      this.put(parent, at);
      at = above;
    }
    this.put(item, at);
    return at < from;
  }

  private down(item: T, from: number): void {
    const { items } = this;
    let at = from;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && this.before(items[below + 1] as T, items[below] as T)) below += 1;
      const child = items[below] as T;
      if (!this.before(child, item)) break;
      this.put(child, at);
      at = below;
    }
    this.put(item, at);
  }

  private put(item: T, at: number): void {
    this.items[at] = item;
    this.moved(item, at);
  }
}
