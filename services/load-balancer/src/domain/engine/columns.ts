import { Names } from './names';
import { CHANGED, Journal } from './journal';

/** Endpoints that a fresh set of columns has room for; it doubles as it fills. */
const ROOM = 64;

/** How willingly an endpoint is chosen, beside how it is ranked. */
export const TIERS = { first: 0, fallback: 1 } as const;

/**
 * The fleet as columns, one row for each endpoint by its index: what a decision reads of many endpoints lies side by side,
 * and no decision walks over objects.
 *
 * C1. An index belongs to one endpoint from `add` to `remove`; then it may be given to another one.
 * C2. Every change of a row is in a journal before anybody else reads the row, so that pools catch up with it: in `journal` where it
 *     may open or close an endpoint, or move it to another group; in `shifts` where only orders go by it; in `stock` where only what
 *     resources are left has changed. Whoever keeps no order, or asks for no resources, need not look at those.
 */
export class Columns {
  private room = ROOM;
  private rows = 0;
  private readonly free: number[] = [];
  readonly journal = new Journal();
  readonly shifts = new Journal();
  readonly stock = new Journal();
  /** Regions, and the zones in them: `region` or `region/zone`. */
  readonly places = new Names();
  readonly classes = new Names();

  /** Of the attempts that its last heartbeat lists: one bit of 32 for each, by `bitOf` its key. One whose bit is not set is not listed. */
  listed = new Int32Array(ROOM);
  slots = new Int32Array(ROOM);
  /** Slots that are taken, as far as is known; may be more than there are. Written by `setBusy`. */
  busy = new Int32Array(ROOM);
  /** The most attempts that health lets run at once: all slots when it is well, 0 when it gets nothing. */
  allowance = new Int32Array(ROOM);
  /** 0: first choice; 1: only where no first choice has room. */
  tier = new Uint8Array(ROOM);
  /** Why it takes no work at all, by whoever wrote it; 0 where it does. */
  idle = new Uint8Array(ROOM);
  place = new Int32Array(ROOM);
  swarmClass = new Int32Array(ROOM);
  /** Share of the work beside others, from its profile. */
  weight = new Float64Array(ROOM);
  /** USD. */
  costPerSlotHour = new Float64Array(ROOM);
  /** How long work takes there at present that takes a second on most swarms, ms: peak EWMA; 0 while nothing is known. */
  latencyMs = new Float64Array(ROOM);
  /** Logarithm of how many times as long as is usual its attempts take; 0 while nothing is known. See `Paces`. */
  pace = new Float64Array(ROOM);
  /** Monotonic time at which an attempt there last told of its pace, ms. */
  heardMs = new Float64Array(ROOM);
  /** Monotonic time of its last heartbeat, ms. */
  seenMs = new Float64Array(ROOM);
  /** Of its name, so that all replicas agree; 0 where nobody has the row. */
  hash = new Int32Array(ROOM);
  /** Number of the last decision that chose it; 0 before the first. Ties go to the smallest. */
  turn = new Float64Array(ROOM);
  /** Virtual time at which it is due, for weighted turns. */
  due = new Float64Array(ROOM);
  /** Of weighted turns: that of the last one. */
  virtualTime = 0;

  /** One above the highest index in use, so far. */
  get size(): number {
    return this.rows;
  }

  add(): number {
    const index = this.free.pop() ?? this.rows;
    if (index === this.rows) this.rows += 1;
    if (this.rows > this.room) this.grow();
    for (const column of this.all()) column[index] = 0;
    this.weight[index] = 1;
    return index;
  }

  /** The caller notes it in the journal as a change of the profile, once nobody finds the endpoint any more. */
  remove(index: number): void {
    this.hash[index] = 0;
    this.free.push(index);
  }

  /** C2. */
  setBusy(index: number, busy: number): void {
    if (this.busy[index] === busy) return;
    const wasOpen = this.freeAt(index) > 0;
    this.busy[index] = busy;
    (wasOpen === this.freeAt(index) > 0 ? this.shifts : this.journal).note(index, CHANGED.room);
  }

  /** Slots that may be given out, health considered. */
  freeAt(index: number): number {
    const most = Math.min(this.slots[index] as number, this.allowance[index] as number);
    return most - (this.busy[index] as number);
  }

  /** Busy share of its slots, 0 to 1. */
  loadAt(index: number): number {
    return Math.min(1, (this.busy[index] as number) / (this.slots[index] as number));
  }

  private all(): (Int32Array | Uint8Array | Float64Array)[] {
    return [
      ...[this.slots, this.busy, this.allowance, this.tier, this.idle, this.place, this.swarmClass],
      ...[this.weight, this.costPerSlotHour, this.latencyMs, this.pace, this.heardMs, this.hash],
      ...[this.turn, this.due, this.seenMs, this.listed],
    ];
  }

  private grow(): void {
    this.room *= 2;
    const { room } = this;
    this.listed = grown(this.listed, new Int32Array(room));
    this.slots = grown(this.slots, new Int32Array(room));
    this.busy = grown(this.busy, new Int32Array(room));
    this.allowance = grown(this.allowance, new Int32Array(room));
    this.tier = grown(this.tier, new Uint8Array(room));
    this.idle = grown(this.idle, new Uint8Array(room));
    this.place = grown(this.place, new Int32Array(room));
    this.swarmClass = grown(this.swarmClass, new Int32Array(room));
    this.weight = grown(this.weight, new Float64Array(room));
    this.costPerSlotHour = grown(this.costPerSlotHour, new Float64Array(room));
    this.latencyMs = grown(this.latencyMs, new Float64Array(room));
    this.pace = grown(this.pace, new Float64Array(room));
    this.heardMs = grown(this.heardMs, new Float64Array(room));
    this.hash = grown(this.hash, new Int32Array(room));
    this.seenMs = grown(this.seenMs, new Float64Array(room));
    this.turn = grown(this.turn, new Float64Array(room));
    this.due = grown(this.due, new Float64Array(room));
  }
}

function grown<A extends Int32Array | Uint8Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
