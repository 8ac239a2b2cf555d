/** An emptied map keeps room for so many values. */
const KEPT_ROOM = 1_000;

/**
 * A map for entries that come and go all the time, whose values are beside its table and not in it.
 *
 * V8 gives a `Map` a new table whenever the places of entries that were deleted are used up, which for a small map is every few dozen
 * entries. The table before is garbage, but old garbage: a collection of the young generation takes whatever an old object
 * refers to for alive (Ungar, "Generation Scavenging", 1984, calls the effect nepotism). So all values that were in it, with all that
 * hangs on them, are copied twice and grow old themselves, until all of the heap is marked. Here the table holds numbers.
 *
 * Iterates in the order of insertion, and over what changes meanwhile, as a `Map` does.
 */
export class SlotMap<K, V> {
  private readonly slots = new Map<K, number>();
  private room: (V | undefined)[] = [];
  private free: number[] = [];

  get size(): number {
    return this.slots.size;
  }

  get(key: K): V | undefined {
    const slot = this.slots.get(key);
    return slot === undefined ? undefined : this.room[slot];
  }

  has(key: K): boolean {
    return this.slots.has(key);
  }

  set(key: K, value: V): this {
    const slot = this.slots.get(key) ?? this.take(key);
    this.room[slot] = value;
    return this;
  }

  /** @returns whether it was there */
  delete(key: K): boolean {
    const slot = this.slots.get(key);
    if (slot === undefined) return false;
    this.slots.delete(key);
    this.room[slot] = undefined;
    if (this.slots.size === 0 && this.room.length > KEPT_ROOM) {
      this.room = [];
      this.free = [];
    } else this.free.push(slot);
    return true;
  }

  keys(): IterableIterator<K> {
    return this.slots.keys();
  }

  *values(): IterableIterator<V> {
    for (const slot of this.slots.values()) yield this.room[slot] as V; // its slot is taken
  }

  *[Symbol.iterator](): IterableIterator<[K, V]> {
    for (const [key, slot] of this.slots) yield [key, this.room[slot] as V];
  }

  private take(key: K): number {
    const slot = this.free.pop() ?? this.room.length;
    this.slots.set(key, slot);
    return slot;
  }
}
