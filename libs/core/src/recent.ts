/**
 * The newest entries of an endless series: at least the last `atLeast` keys that were set, at most twice as many.
 * Two generations instead of one map in its order of insertion: finding the oldest entry of a map from which the oldest are
 * always removed means walking over all the holes that they left.
 */
export class Recent<K, V> {
  private young = new Map<K, V>();
  private old = new Map<K, V>();

  constructor(private readonly atLeast: number) {}

  get(key: K): V | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }

  set(key: K, value: V): void {
    if (this.young.size >= this.atLeast && !this.young.has(key)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, value);
  }
}
