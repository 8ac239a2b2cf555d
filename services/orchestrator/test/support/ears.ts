import type { Bus, Listening } from '@multiswarm/bus';
import { EventBatch, ReplicaAlive, SchedulerActive, subjects } from '@multiswarm/contracts';

/** Hears what replicas say to each other and to all, and notes what must never be. */
export class Ears {
  /** The last word of each replica. */
  readonly replicas = new Map<string, ReplicaAlive>();
  scheduler: SchedulerActive | undefined;
  /** What was heard although an epoch or a number only grows. */
  readonly faults: string[] = [];
  private readonly batches = new Map<number, { epoch: number; batchSeq: number }>();
  private readonly seen = new Map<string, string>();
  private readonly listening: Listening[];

  constructor(bus: Bus) {
    this.listening = [
      bus.subscribe(subjects.replicaAlive(), { schema: ReplicaAlive }, (alive) => {
        this.replicas.set(alive.replica, alive);
      }),
      bus.subscribe(subjects.schedulerActive(), { schema: SchedulerActive }, (active) => {
        if (active.epoch > (this.scheduler?.epoch ?? 0)) this.scheduler = active;
      }),
      bus.subscribe(subjects.allEvents(), { schema: EventBatch }, (batch) => this.batch(batch)),
    ];
  }

  /** Names that have not been heard before. */
  newNames(known: ReadonlySet<string>): string[] {
    return [...this.replicas.keys()].filter((name) => !known.has(name));
  }

  stop(): void {
    this.listening.forEach((each) => each.stop());
  }

  /** Two owners at once would say different things under one number, or an older epoch after a newer one. */
  private batch({ shard, epoch, batchSeq, events }: EventBatch): void {
    const key = `${shard}.${batchSeq}`;
    const text = JSON.stringify({ epoch, events });
    const before = this.seen.get(key);
    if (before !== undefined && before !== text) this.faults.push(`${key} says two things`);
    this.seen.set(key, text);
    const last = this.batches.get(shard);
    if (last && batchSeq > last.batchSeq && epoch < last.epoch)
      this.faults.push(`${key} of epoch ${epoch} after epoch ${last.epoch}`);
    if (!last || batchSeq > last.batchSeq) this.batches.set(shard, { epoch, batchSeq });
  }
}
