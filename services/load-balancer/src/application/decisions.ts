import {
  MultiswarmError,
  type Decision,
  type DecisionDetail,
  type DecisionPage,
  type ListDecisionsQuery,
  type PlaceItem,
} from '@multiswarm/contracts';
import { renderResult, type Outcome } from '../domain/engine/decision';
import { DecisionLog, type DecisionRecord } from '../domain/decisions/decision-log';

/** The last decisions of this replica, as people read them. */
export class Decisions {
  private readonly log: DecisionLog;

  /** @param kept how many at most */
  constructor(
    readonly replica: string,
    kept: number,
  ) {
    this.log = new DecisionLog(kept);
  }

  add(item: PlaceItem, outcome: Outcome, policy: string, atMs: number): void {
    this.log.add(item, outcome, policy, atMs);
  }

  list({ limit, cursor, ...filter }: ListDecisionsQuery): DecisionPage {
    const { records, more } = this.log.list(filter, limit, cursor === undefined ? undefined : Number(cursor));
    const { oldest } = this.log;
    return {
      items: records.map((record) => this.brief(record)),
      next: more ? String(records.at(-1)?.seq) : null,
      replica: this.replica,
      kept: this.log.size,
      oldest: oldest === undefined ? null : instant(oldest.atMs),
    };
  }

  /** Throws `decision-not-found`. */
  get(id: string): DecisionDetail {
    const seq = id.startsWith(`${this.replica}-`) ? Number(id.slice(this.replica.length + 1)) : 0;
    const record = this.log.get(seq);
    if (record === undefined)
      throw new MultiswarmError(
        'decision-not-found',
        `replica ${this.replica} has no decision "${id}": it keeps its own last ${this.log.size}`,
      );
    const { placement, waiting } = renderResult(record.outcome);
    const { reservationId, receipt } = placement ?? {};
    return {
      ...this.brief(record),
      ...(reservationId === undefined ? {} : { reservationId }),
      ...(receipt === undefined ? {} : { receipt }),
      ...(waiting === undefined ? {} : { waiting }),
    };
  }

  /** Whether an older one has made room for each further one. */
  get isFull(): boolean {
    return this.log.isFull;
  }

  /** When the oldest that is kept was made, epoch ms. */
  get oldestMs(): number | undefined {
    return this.log.oldest?.atMs;
  }

  newest(): IterableIterator<DecisionRecord> {
    return this.log.newest();
  }

  /** Ids of those that are kept, from a time on, by `decisionKey`. */
  idsSince(wallMs: number): Map<string, string> {
    const { records } = this.log.list({ since: instant(wallMs) }, Infinity);
    return new Map(
      records.map(({ seq, atMs, attempt, outcome: { key } }) => [
        decisionKey(key, attempt, atMs),
        `${this.replica}-${seq}`,
      ]),
    );
  }

  private brief({ seq, atMs, attempt, namespace, type, policy, outcome }: DecisionRecord): Decision {
    const { key, placement, waiting } = renderResult(outcome);
    const common = { id: `${this.replica}-${seq}`, at: instant(atMs), key, attempt, namespace, type, policy };
    if (placement === undefined) {
      return { ...common, outcome: waiting?.reason ?? 'no-slot', because: waiting?.detail ?? '' };
    }
    const { swarmId, region, costPerSlotHour, receipt } = placement;
    return { ...common, outcome: 'placed', swarmId, region, costPerSlotHour, because: receipt.because };
  }
}

/** What a decision and what was seen at it have in common. */
export function decisionKey(key: string, attempt: number, wallMs: number): string {
  return `${key} ${attempt} ${wallMs}`;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
