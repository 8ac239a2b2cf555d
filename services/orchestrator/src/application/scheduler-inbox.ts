import type { SchedulerChanges, SchedulerChangesReply } from '@multiswarm/contracts';

/** What the scheduler knows of a shard: from which owner, and since which message of a snapshot. */
export interface Basis {
  epoch: number;
  since: number;
}

/** What takes in the changes of shards: the scheduler. */
export interface ChangesTaker {
  apply(changes: SchedulerChanges): SchedulerChangesReply['status'];
}

/**
 * What owners tell one scheduler, each change once and in order whatever the bus repeats, delays or loses.
 *
 * I1. A message that was taken before changes nothing, and is answered as it was.
 * I2. After a gap the shard has to begin again with a snapshot.
 * I3. What was meant for another scheduler is none of ours: what rests on it could be older than what we know.
 */
export class SchedulerInbox {
  /** By shard: the number of the last message, and of the one with which its snapshot began. */
  private readonly last = new Map<number, Basis & { seq: number }>();

  constructor(
    readonly epoch: number,
    private readonly scheduler: ChangesTaker,
  ) {}

  /** On what a grant for this shard rests at the moment. */
  basis(shard: number): Basis | undefined {
    const known = this.last.get(shard);
    return known && known.since > 0 ? { epoch: known.epoch, since: known.since } : undefined;
  }

  take(changes: SchedulerChanges): SchedulerChangesReply {
    return { v: 1, schedulerEpoch: this.epoch, status: this.status(changes) };
  }

  private status(changes: SchedulerChanges): SchedulerChangesReply['status'] {
    const { shard, epoch, seq = 0, snapshot, schedulerEpoch } = changes;
    if (schedulerEpoch !== this.epoch) return 'stale'; // I3
    const known = this.last.get(shard);
    if (known && epoch < known.epoch) return 'stale';
    const last = known?.epoch === epoch ? known.seq : 0;
    if (seq > 0 && seq <= last) return 'ok'; // I1
    if (seq > last + 1 && snapshot?.first !== true) return 'unknown-shard'; // I2
    const status = this.scheduler.apply(changes);
    if (status === 'ok') {
      const since = snapshot?.first === true ? seq : (known?.since ?? 0);
      this.last.set(shard, { epoch, seq, since });
    }
    return status;
  }
}
