import { SeenBatches, type Event, type EventBatch } from '@multiswarm/contracts';
import type { Stored } from '../world/event-log';
import type { Findings } from './findings';
import type { Ledger } from './ledger';

/** 7: a consumer of the stream of events. It drops what is not newer than the last batch seen, as every consumer has to. */
export class StreamReader {
  private read = 0;
  private readonly seen = new SeenBatches();
  private readonly counts = new Map<string, number>();

  constructor(
    private readonly findings: Findings,
    private readonly ledger: Ledger,
  ) {}

  /** Reads on to the end of what is stored. */
  catchUp(messages: readonly Stored[]): void {
    for (; this.read < messages.length; this.read += 1) {
      const batch = JSON.parse(messages[this.read]?.text ?? '') as EventBatch;
      const { shard, batchSeq } = batch;
      const committed = this.ledger.shard(shard).batchSeq;
      this.findings.holds(7, batchSeq <= committed, () => {
        return `events of batch ${shard}.${batchSeq} were published, ${committed} is committed`;
      });
      if (!this.seen.isNew(batch)) continue;
      for (const event of batch.events) this.take(event);
    }
  }

  /** Events that were committed and are not in the stream yet. */
  missing(): string[] {
    return [...this.ledger.histories]
      .filter(([root, history]) => (this.counts.get(root) ?? 0) !== history.length)
      .map(
        ([root, { length }]) =>
          `${length} events of ${root} were committed, ${this.counts.get(root) ?? 0} published`,
      );
  }

  private take(event: Event): void {
    const { root, seq, type } = event;
    const last = this.counts.get(root) ?? 0;
    this.findings.holds(7, seq === last + 1, () => `event ${seq} (${type}) of ${root} arrived after ${last}`);
    this.counts.set(root, seq);
    const committed = this.ledger.histories.get(root)?.[seq - 1];
    this.findings.holds(7, committed?.type === type, () => {
      return `event ${seq} of ${root} arrived as ${type}, ${committed?.type ?? 'nothing'} was committed`;
    });
  }
}
