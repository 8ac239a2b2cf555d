import type { ListDecisionsQuery, PlaceItem } from '@multiswarm/contracts';
import { isPlaced, type Outcome } from '../engine/decision';

/** What is kept of a decision: numbers, and references to what many decisions share. It is rendered when somebody reads it. */
export interface DecisionRecord {
  /** Counted from 1. */
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly attempt: number;
  readonly namespace: string;
  readonly type: string;
  readonly policy: string;
  readonly outcome: Outcome;
}

type Filter = Omit<ListDecisionsQuery, 'limit' | 'cursor'>;

/**
 * The last decisions of this replica, in a ring.
 *
 * D1. It holds `capacity` records at most; a further one takes the place of the oldest.
 * D2. A record is found under its number for as long as it is held, and under no other.
 */
export class DecisionLog {
  private readonly ring: DecisionRecord[] = [];
  private lastSeq = 0;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.ring.length;
  }

  get oldest(): DecisionRecord | undefined {
    return this.get(this.lastSeq - this.size + 1);
  }

  add(item: PlaceItem, outcome: Outcome, policy: string, atMs: number): void {
    if (this.capacity === 0) return;
    const { attempt, namespace, type } = item;
    this.lastSeq += 1;
    const seq = this.lastSeq;
    this.ring[(seq - 1) % this.capacity] = { seq, atMs, attempt, namespace, type, policy, outcome };
  }

  get(seq: number): DecisionRecord | undefined {
    const found = this.ring[(seq - 1) % this.capacity];
    return found?.seq === seq ? found : undefined;
  }

  get isFull(): boolean {
    return this.size === this.capacity;
  }

  /** Newest first. */
  *newest(): IterableIterator<DecisionRecord> {
    for (let seq = this.lastSeq; seq > this.lastSeq - this.size; seq -= 1)
      yield this.get(seq) as DecisionRecord;
  }

  /** Newest first: up to `limit` that the filter takes, of those before number `before`. `more`: there may be others behind them. */
  list(filter: Filter, limit: number, before = Infinity): { records: DecisionRecord[]; more: boolean } {
    const takes = takesOf(filter);
    const records: DecisionRecord[] = [];
    const first = this.lastSeq - this.size + 1;
    for (let seq = Math.min(this.lastSeq, before - 1); seq >= first; seq -= 1) {
      const record = this.get(seq);
      if (record === undefined || !takes(record)) continue;
      if (records.length === limit) return { records, more: true };
      records.push(record);
    }
    return { records, more: false };
  }
}

function takesOf(filter: Filter): (record: DecisionRecord) => boolean {
  const { task, swarm, policy, namespace, type, waiting } = filter;
  const since = filter.since === undefined ? -Infinity : Date.parse(filter.since);
  const until = filter.until === undefined ? Infinity : Date.parse(filter.until);
  return (record) =>
    record.atMs >= since &&
    record.atMs < until &&
    (task === undefined || record.outcome.key === task) &&
    (swarm === undefined || swarmOf(record.outcome) === swarm) &&
    (policy === undefined || record.policy === policy) &&
    (namespace === undefined || record.namespace === namespace) &&
    (type === undefined || record.type === type) &&
    (waiting === undefined || waiting !== isPlaced(record.outcome));
}

function swarmOf(outcome: Outcome): string | undefined {
  return isPlaced(outcome) ? outcome.ranked[0]?.swarmId : undefined;
}
