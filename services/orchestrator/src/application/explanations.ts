import {
  LIMITS,
  MultiswarmError,
  shardOf,
  type Capacity,
  type Explanation,
  type RegionSummary,
  type StandingReply,
} from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import { explain } from '../domain/explain/explanation';
import type { Facts } from '../domain/explain/facts';
import {
  currentAttempt,
  isBlockedBySteps,
  isHeld,
  isPlaceable,
  type TaskRecord,
} from '../domain/task/record';
import type { Capacities, Standings, TruthReader } from '../ports';
import type { Fleet } from './fleet';
import { stepBlock } from './step-block';

/** A coordinator speaks for its region with every heartbeat; after so many that are missing nobody does. */
const SILENT_SUMMARIES = 3;
/** A task that has gone on while others were asked about it is looked at once more, at most so often. */
const LOOKS = 3;

export interface ExplanationParts {
  truth: TruthReader;
  standings: Standings;
  capacities: Capacities;
  fleet: Fleet;
  clock: Clock;
  shards: number;
  /** Whether anybody can be heard. */
  connected: () => boolean;
  /** Between two summaries of a coordinator. */
  summaryMs: number;
}

/** Explains tasks, on any replica: from committed truth, and from what those say who decide. */
export class Explanations {
  /** When a coordinator last spoke for a region, monotonic ms. */
  private readonly heard = new Map<string, number>();
  /** Since when this replica hears anybody. */
  private since: number;

  constructor(private readonly parts: ExplanationParts) {
    this.since = parts.clock.monotonic();
  }

  /** A coordinator speaks for its region. */
  seen({ region }: RegionSummary): void {
    this.heard.delete(region);
    this.heard.set(region, this.parts.clock.monotonic());
    const [oldest] = this.heard.keys();
    if (this.heard.size > LIMITS.REGIONS_IN_VIEW && oldest !== undefined) this.heard.delete(oldest);
  }

  /** Nobody could be heard meanwhile, which says nothing about them. */
  reconnected(): void {
    this.heard.clear();
    this.since = this.parts.clock.monotonic();
  }

  /** @throws MultiswarmError `task-not-found` */
  async task(id: string): Promise<Explanation> {
    const { clock, shards } = this.parts;
    const shard = shardOf(id, shards);
    if (shard === undefined) throw unknown(id);
    for (let looks = 1; ; looks += 1) {
      const record = await this.record(shard, id);
      const more = await this.more(shard, record);
      // In the queue, and not known to the scheduler: just placed, mostly.
      const hasGoneOn = more.standing !== undefined && more.standing.waiting === undefined;
      if (!hasGoneOn || looks === LOOKS) return explain({ record, now: clock.now(), ...more });
    }
  }

  private async record(shard: number, id: string): Promise<TaskRecord> {
    const record = await this.parts.truth.task(shard, id);
    if (!record) throw unknown(id);
    return record;
  }

  private async more(shard: number, record: TaskRecord): Promise<Partial<Facts>> {
    if (isPlaceable(record)) {
      const [standing, capacity] = await Promise.all([this.standing(record.id), this.capacity(record)]);
      return { standing, capacity };
    }
    if (isBlockedBySteps(record)) return { block: await stepBlock(this.parts.truth, shard, record) };
    return isHeld(record) ? this.place(record) : {};
  }

  /** Undefined where nobody answers: what the record tells is still true. */
  private standing(taskId: string): Promise<StandingReply | undefined> {
    return this.parts.standings.standing(taskId).catch(() => undefined);
  }

  private capacity({ spec: { type, requirements } }: TaskRecord): Promise<Capacity | undefined> {
    return this.parts.capacities.capacity({ type, requirements }).catch(() => undefined);
  }

  private place(record: TaskRecord): Partial<Facts> {
    const { fleet, clock, summaryMs, connected } = this.parts;
    if (!connected()) return {};
    const { swarmId = '', region = '' } = currentAttempt(record) ?? {};
    const silentMs = clock.monotonic() - (this.heard.get(region) ?? this.since);
    return {
      swarm: fleet.find(swarmId),
      regionSilentMs: silentMs > summaryMs * SILENT_SUMMARIES ? silentMs : undefined,
    };
  }
}

function unknown(id: string): MultiswarmError {
  return new MultiswarmError('task-not-found', `there is no task "${id}" (or its retention has passed)`);
}
