import type { SchedulerChanges, SchedulerChangesReply } from '@multiswarm/contracts';

interface KnownShard {
  epoch: number;
  /** Its snapshot has begun, and nothing was missed since. */
  isKnown: boolean;
}

/**
 * What a scheduler has been told of each shard.
 *
 * K1. An older owner of a shard is not heard; a newer one begins with a snapshot.
 */
export class KnownShards {
  private readonly byNumber = new Map<number, KnownShard>();
  private readonly begun = new Set<number>();
  private readonly heldTold = new Set<number>();
  private readonly whole = new Set<number>();

  constructor(private readonly count: number) {}

  /** Every shard has begun to tell what it has. */
  get haveBegun(): boolean {
    return this.begun.size >= this.count;
  }

  /** Every shard has told what it holds. */
  get haveToldHeld(): boolean {
    return this.heldTold.size >= this.count;
  }

  /** K1. */
  judge({ shard, epoch, snapshot }: SchedulerChanges): SchedulerChangesReply['status'] {
    const known = this.byNumber.get(shard);
    if (known && epoch < known.epoch) return 'stale';
    if (snapshot?.first) return 'ok';
    return known?.isKnown && known.epoch === epoch ? 'ok' : 'unknown-shard';
  }

  /** A snapshot begins. */
  begin(shard: number, epoch: number): void {
    this.byNumber.set(shard, { epoch, isKnown: true });
    this.heldTold.delete(shard);
    this.whole.delete(shard);
  }

  /** A message was taken in. Held attempts come before queued tasks. */
  taken({ shard, snapshot, queued }: SchedulerChanges): void {
    if (!snapshot) return;
    this.begun.add(shard);
    if (snapshot.last || queued.length > 0) this.heldTold.add(shard);
    if (snapshot.last) this.whole.add(shard);
  }

  /** Something was missed: only a snapshot helps. */
  lost(shard: number): void {
    const known = this.byNumber.get(shard);
    if (known) known.isKnown = false;
  }

  /** Whether all that this owner of the shard has was told. */
  isWhole(shard: number): boolean {
    return this.whole.has(shard) && this.byNumber.get(shard)?.isKnown === true;
  }

  epochOf(shard: number): number {
    return this.byNumber.get(shard)?.epoch ?? 0;
  }
}
