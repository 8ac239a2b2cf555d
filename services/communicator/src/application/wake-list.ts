import { Heap, type Cancel, type Clock } from '@multiswarm/core';

interface Entry<T> {
  item: T;
  atMs: number;
  at: number;
}

const SHORTEST_MS = 5;

/** One timer for many things that have a time at which they are to be looked at. Times are monotonic milliseconds. */
export class WakeList<T> {
  private readonly entries = new Map<T, Entry<T>>();
  private readonly heap = new Heap<Entry<T>>(
    (a, b) => a.atMs < b.atMs,
    (entry, at) => {
      entry.at = at;
    },
  );
  private cancel: Cancel = () => undefined;
  private armedForMs = Infinity;
  private stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly onTime: (item: T) => void,
  ) {}

  /** The item's next time, instead of the one it had; none where it is Infinity. */
  wakeAt(item: T, atMs: number): void {
    if (atMs === Infinity) return this.forget(item);
    const known = this.entries.get(item);
    if (known !== undefined) {
      known.atMs = atMs;
      this.heap.fixAt(known.at);
    } else {
      const entry = { item, atMs, at: -1 };
      this.entries.set(item, entry);
      this.heap.push(entry);
    }
    this.arm();
  }

  forget(item: T): void {
    const known = this.entries.get(item);
    if (known === undefined) return;
    this.entries.delete(item);
    this.heap.removeAt(known.at);
  }

  stop(): void {
    this.stopped = true;
    this.cancel();
  }

  /** A timer that is early does no harm: it finds nothing and is set anew. */
  private arm(): void {
    const atMs = this.heap.top?.atMs ?? Infinity;
    if (this.stopped || atMs >= this.armedForMs) return;
    this.cancel();
    this.armedForMs = atMs;
    const inMs = Math.max(SHORTEST_MS, atMs - this.clock.monotonic());
    this.cancel = this.clock.after(inMs, () => this.ring());
  }

  private ring(): void {
    this.armedForMs = Infinity;
    const nowMs = this.clock.monotonic();
    const due: T[] = [];
    for (let top = this.heap.top; top !== undefined && top.atMs <= nowMs; top = this.heap.top) {
      this.forget(top.item);
      due.push(top.item);
    }
    for (const item of due) this.onTime(item);
    this.arm();
  }
}
