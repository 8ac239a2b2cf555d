import type { SchedulerChanges, SchedulerChangesReply } from '@multiswarm/contracts';
import { delay, type Clock } from '@multiswarm/core';
import type { SnapshotPage } from '../ports';
import {
  attemptKey,
  nothing,
  Packer,
  straight,
  ToldClasses,
  UntoldChanges,
  type Parcel,
  type ToldChange,
} from './scheduler-changes';

/** An owner, as far as a new scheduler has to be told what it has. */
export interface SnapshotSource {
  readonly shard: number;
  readonly epoch: number;
  /**
   * All that was told up to this call, as it is when a page is read: held attempts before queued tasks. Grants of an older
   * scheduler, or that rest on what was told before the message of this number, are refused from now on.
   */
  snapshot(schedulerEpoch: number, since: number): AsyncIterable<SnapshotPage>;
}

/** The scheduler to which streams lead at the moment. */
export interface Destination {
  readonly epoch: number;
  /** In this process: what is told is known when the call returns. */
  readonly local: boolean;
  /** @throws MultiswarmError when there is no answer: the same message is sent again then */
  deliver(changes: SchedulerChanges): SchedulerChangesReply | Promise<SchedulerChangesReply>;
}

export interface StreamParts {
  replica: string;
  clock: Clock;
  /** Changes of one shard that may gather. */
  mostUntold: number;
  /** A scheduler with this epoch has answered. */
  onEpoch(epoch: number): void;
  onFault(error: unknown): void;
}

const RETRY_MS = { first: 50, most: 1_000 };
/** What was told while a snapshot is under way is remembered by its key, which takes less room than what is still to be told. */
const SINCE_FACTOR = 16;

/**
 * What one owner tells the scheduler, in order and whole.
 *
 * T1. One message is under way; what is told meanwhile gathers, and leaves with the next. A message is repeated until it is
 *     answered.
 * T2. A scheduler that does not know the shard is told all of it. Pages were read before they are sent: about what was told
 *     since the snapshot began they say nothing.
 * T3. When too much gathers, all of it is dropped and a snapshot follows: memory does not grow while nobody answers.
 * T4. A stream ends with its owner, or when the scheduler has heard of a later owner.
 */
export class ShardStream {
  private readonly untold = new UntoldChanges();
  private readonly told = new ToldClasses();
  private destination: Destination | undefined;
  /** Raised whenever what is under way does not count any more. */
  private round = 0;
  private seq = 0;
  /** No snapshot has begun yet: whatever is told will be in it. */
  private blank = true;
  private running = false;
  private ended = false;
  /** Of the oldest change that waits, and of the oldest one under way: when it was told. */
  private untoldSince: number | undefined;
  private sentSince: number | undefined;
  /** The scheduler has taken the first message of the snapshot: what it knew before it has forgotten. */
  private begun = false;
  /** T2: while a snapshot is under way, the keys of tasks and attempts that were told since it began. */
  private since: Set<string> | undefined;

  constructor(
    readonly source: SnapshotSource,
    private readonly parts: StreamParts,
  ) {}

  /** What the scheduler knows of the shard, this owner has told it. */
  get isHeard(): boolean {
    return this.begun && !this.ended;
  }

  /** Since when something was told that the scheduler has not confirmed; monotonic ms. A snapshot under way is told by the scheduler. */
  get owesSince(): number | undefined {
    return this.sentSince ?? this.untoldSince;
  }

  /** Begins anew, with a snapshot for this scheduler. */
  connect(destination: Destination): void {
    this.destination = destination;
    this.seq = 0;
    this.startOver();
  }

  /** Nobody is there to be told. */
  disconnect(): void {
    this.destination = undefined;
    this.startOver();
  }

  tell(change: ToldChange): void {
    if (this.ended || this.blank) return;
    if (!this.running && this.destination?.local) return this.tellNow(change);
    this.untold.add(change);
    this.untoldSince ??= this.parts.clock.monotonic();
    if (this.since) remember(this.since, change);
    if (this.isFull) return this.startOver(); // T3
    if (!this.running) void this.run(this.round);
  }

  end(): void {
    this.ended = true;
    this.round += 1;
    this.forget();
  }

  private get isFull(): boolean {
    const { mostUntold } = this.parts;
    return this.untold.size > mostUntold || (this.since?.size ?? 0) > mostUntold * SINCE_FACTOR;
  }

  private isCurrent(round: number): boolean {
    return round === this.round && !this.ended;
  }

  private startOver(): void {
    this.round += 1;
    this.running = false;
    this.forget();
    if (this.destination && !this.ended) void this.run(this.round);
  }

  private forget(): void {
    this.blank = true;
    this.begun = false;
    this.since = undefined;
    this.untold.clear();
    this.told.clear();
    this.untoldSince = this.sentSince = undefined;
  }

  /** Nothing is under way and the scheduler is here: it knows before this returns. */
  private tellNow(change: ToldChange): void {
    const { round } = this;
    const parcel = straight(change, this.told);
    const reply = this.destination?.deliver(this.message(parcel));
    if (reply === undefined || reply instanceof Promise) return this.startOver();
    if (this.judge(reply, parcel) !== 'ok' && this.isCurrent(round)) this.startOver();
  }

  private async run(round: number): Promise<void> {
    this.running = true;
    let wait: number = RETRY_MS.first;
    while (this.isCurrent(round) && (this.blank || this.untold.size > 0)) {
      const whole = await (this.blank ? this.sendSnapshot(round) : this.sendUntold(round));
      if (!this.isCurrent(round)) return;
      if (whole) {
        wait = RETRY_MS.first;
        continue;
      }
      this.forget();
      await delay(this.parts.clock, wait);
      wait = Math.min(RETRY_MS.most, wait * 2);
    }
    if (this.isCurrent(round)) this.running = false;
  }

  /** T2. @returns false where it has to begin again */
  private async sendSnapshot(round: number): Promise<boolean> {
    const { destination } = this;
    if (!destination) return false;
    this.blank = false;
    this.since = new Set();
    let first = true;
    try {
      for await (const page of this.source.snapshot(destination.epoch, this.seq + 1)) {
        // Reading the page took time: what is told now is the next round's to tell.
        if (!this.isCurrent(round)) return false;
        for (let rest = page; !isEmpty(rest); first = false) {
          const packer = this.packer();
          rest = this.pack(rest, packer);
          if (packer.isEmpty) break;
          if (!(await this.send(packer.parcel, round, { first, last: false }))) return false;
          if (!(await this.sendUntold(round))) return false;
        }
      }
    } catch (error) {
      this.parts.onFault(error);
      return false;
    }
    if (!this.isCurrent(round)) return false;
    const whole = await this.send(nothing(), round, { first, last: true });
    if (whole) this.since = undefined;
    return whole;
  }

  /** @returns what had no room */
  private pack({ held = [], queued = [] }: SnapshotPage, packer: Packer): SnapshotPage {
    const news = this.since ?? NOTHING_TOLD;
    const heldTaken = takenOf(held, (each) => news.has(attemptKey(each)) || packer.held(each));
    if (heldTaken < held.length) return { held: held.slice(heldTaken), queued };
    const queuedTaken = takenOf(queued, (each) => news.has(each.task.taskId) || packer.queued(each));
    return { queued: queued.slice(queuedTaken) };
  }

  private async sendUntold(round: number): Promise<boolean> {
    return this.untold.size === 0 || this.send(this.nextUntold(), round);
  }

  private nextUntold(): Parcel {
    const packer = this.packer();
    this.untold.fill(packer);
    this.sentSince = this.untoldSince;
    if (this.untold.size === 0) this.untoldSince = undefined;
    return packer.parcel;
  }

  /** T1. @returns false where the stream has to begin again, or is over */
  private async send(
    parcel: Parcel,
    round: number,
    snapshot?: { first: boolean; last: boolean },
  ): Promise<boolean> {
    const { destination } = this;
    const message = this.message(parcel, snapshot);
    for (let wait: number = RETRY_MS.first; ; wait = Math.min(RETRY_MS.most, wait * 2)) {
      const reply = await this.deliver(destination, message);
      if (!this.isCurrent(round)) return false;
      const verdict = reply === undefined ? 'again' : this.judge(reply, parcel);
      if (verdict === 'ok') {
        this.begun = true;
        this.sentSince = undefined;
      }
      if (verdict !== 'again') return verdict === 'ok';
      await delay(this.parts.clock, wait);
      if (!this.isCurrent(round)) return false;
    }
  }

  private async deliver(
    destination: Destination | undefined,
    message: SchedulerChanges,
  ): Promise<SchedulerChangesReply | undefined> {
    try {
      return await destination?.deliver(message);
    } catch (error) {
      this.parts.onFault(error);
      return undefined;
    }
  }

  private judge({ schedulerEpoch, status }: SchedulerChangesReply, parcel: Parcel): 'ok' | 'again' | 'anew' {
    const expected = this.destination?.epoch ?? 0;
    if (schedulerEpoch > expected) this.parts.onEpoch(schedulerEpoch);
    if (schedulerEpoch !== expected) return 'again'; // one that was deposed may still be answering
    if (status === 'ok') this.told.add(parcel.classes);
    if (status === 'stale') this.end(); // T4
    return status === 'ok' ? 'ok' : 'anew';
  }

  private packer(): Packer {
    return new Packer(this.told, this.destination?.local !== true);
  }

  private message(parcel: Parcel, snapshot?: { first: boolean; last: boolean }): SchedulerChanges {
    const { shard, epoch } = this.source;
    this.seq += 1;
    return {
      v: 1,
      replica: this.parts.replica,
      schedulerEpoch: this.destination?.epoch ?? 1,
      shard,
      epoch,
      seq: this.seq,
      ...(snapshot ? { snapshot } : {}),
      ...parcel,
    };
  }
}

const NOTHING_TOLD: ReadonlySet<string> = new Set();

function remember(since: Set<string>, { queued = [], gone = [], released = [] }: ToldChange): void {
  for (const { task } of queued) since.add(task.taskId);
  for (const id of gone) since.add(id);
  for (const ref of released) since.add(attemptKey(ref));
}

function isEmpty({ held = [], queued = [] }: SnapshotPage): boolean {
  return held.length === 0 && queued.length === 0;
}

/** How many of the first items were taken. */
function takenOf<T>(items: readonly T[], take: (item: T) => boolean): number {
  const full = items.findIndex((item) => !take(item));
  return full < 0 ? items.length : full;
}
