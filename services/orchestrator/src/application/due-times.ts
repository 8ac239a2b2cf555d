import type { Cancel, Clock } from '@multiswarm/core';

/** A timer may fire a little early against the wall clock; what is not due yet is looked at again. */
const LEAST_WAIT_MS = 1;
/** The wall clock may be set: nothing is slept through for longer than this. */
const MOST_WAIT_MS = 60_000;

interface Due {
  at: number;
  id: string;
}

/**
 * When tasks need to be looked at again: one timer for all of a shard. Times are epoch milliseconds.
 * A task has one time at most, the last that was set; what the heap holds beside it is dropped when it comes up.
 */
export class DueTimes {
  private readonly heap: Due[] = [];
  private readonly times = new Map<string, number>();
  private timer: { at: number; cancel: Cancel } | undefined;
  private stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly onDue: (ids: string[]) => void,
  ) {}

  set(id: string, at: number | undefined): void {
    if (at === undefined) {
      if (this.times.size > 0) this.times.delete(id);
      return;
    }
    if (this.times.get(id) === at) return;
    this.times.set(id, at);
    this.push({ at, id });
    if (this.heap.length > 2 * this.times.size + 1_024) this.rebuild();
    this.arm();
  }

  has(id: string): boolean {
    return this.times.has(id);
  }

  /** Epoch ms; undefined where the task has no time. */
  timeOf(id: string): number | undefined {
    return this.times.get(id);
  }

  /** Tasks that have a time. */
  ids(): IterableIterator<string> {
    return this.times.keys();
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private arm(): void {
    const first = this.heap[0];
    if (!first || this.stopped || (this.timer && this.timer.at <= first.at)) return;
    this.timer?.cancel();
    const wait = Math.min(MOST_WAIT_MS, Math.max(LEAST_WAIT_MS, first.at - this.clock.now()));
    this.timer = { at: first.at, cancel: this.clock.after(wait, () => this.fire()) };
  }

  private fire(): void {
    this.timer = undefined;
    const now = this.clock.now();
    const ids: string[] = [];
    for (let first = this.heap[0]; first && first.at <= now; first = this.heap[0]) {
      this.pop();
      if (this.times.get(first.id) !== first.at) continue;
      this.times.delete(first.id);
      ids.push(first.id);
    }
    if (ids.length > 0) this.onDue(ids);
    this.arm();
  }

  private rebuild(): void {
    this.heap.length = 0;
    for (const [id, at] of this.times) this.push({ at, id });
  }

  private push(due: Due): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Due;
      if (above.at <= due.at) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = due;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as Due).at < (heap[child] as Due).at) child += 1;
      if ((heap[child] as Due).at >= last.at) break;
      heap[at] = heap[child] as Due;
      at = child;
    }
    heap[at] = last;
  }
}
