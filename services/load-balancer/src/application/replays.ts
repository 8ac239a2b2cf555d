import type { Clock } from '@multiswarm/core';
import type { RankedSwarm, Replay, ReplayDifference, ReplayRequest } from '@multiswarm/contracts';
import { instant } from '../domain/engine/decision';
import { policyByName, type Policy } from '../domain/policies';
import { replay, type Compared } from '../domain/replay/replay';
import type { Seen } from '../domain/replay/seen';
import { SeenLog, type SeenParts } from '../domain/replay/seen-log';
import { decisionKey, type Decisions } from './decisions';

/** Decisions that are replayed in one turn: some milliseconds of work. */
const SLICE = 25;

/** What policies of this replica saw when they decided, and what others would have made of it. */
export class Replays {
  private readonly log: SeenLog;
  /** By policy: there are few, and each would else be dressed for every item. */
  private readonly dressed = new WeakMap<Policy, Policy>();

  /** @param kept decisions at most */
  constructor(
    kept: number,
    private readonly decisions: Pick<Decisions, 'replica' | 'idsSince'>,
    parts: SeenParts,
    private readonly clock: Pick<Clock, 'soon'>,
  ) {
    this.log = new SeenLog(kept, parts);
  }

  /** The same policy; some of what it decides is kept. */
  witnessed(policy: Policy): Policy {
    let dressed = this.dressed.get(policy);
    if (dressed === undefined) {
      dressed = this.log.witnessed(policy);
      this.dressed.set(policy, dressed);
    }
    return dressed;
  }

  /** In slices, between which others are placed. */
  async replay({ policy, limit, ...filter }: ReplayRequest): Promise<Replay> {
    const asked = policyByName(policy);
    const chosen: RankedSwarm[] = [];
    const wouldBe: RankedSwarm[] = [];
    const items: ReplayDifference[] = [];
    let same = 0;
    let oldest: string | null = null;
    for await (const slice of this.slices(takesOf(filter))) {
      const { agreements, differences } = replay(slice, asked);
      same += agreements.length;
      for (const one of [...agreements, ...differences]) {
        chosen.push(one.chose);
        wouldBe.push(one.wouldChoose);
      }
      items.push(...differences.slice(0, limit - items.length).map(rendered));
      oldest = instantOf(slice.at(-1)) ?? oldest;
    }
    return {
      ...{ replica: this.decisions.replica, policy, replayed: chosen.length, same, oldest },
      means: chosen.length === 0 ? null : { chosen: meanOf(chosen), wouldBe: meanOf(wouldBe) },
      items: this.named(items),
    };
  }

  /** With the ids of the decisions, as far as those are still kept. */
  private named(items: readonly ReplayDifference[]): ReplayDifference[] {
    const first = items.at(-1);
    if (first === undefined) return [];
    const ids = this.decisions.idsSince(Date.parse(first.at));
    return items.map((item) => {
      const id = ids.get(decisionKey(item.key, item.attempt, Date.parse(item.at)));
      return id === undefined ? item : { id, ...item };
    });
  }

  /** Newest first. What makes room for a later decision meanwhile is left out: its place is written anew. */
  private async *slices(takes: (seen: Seen) => boolean): AsyncGenerator<Seen[]> {
    const found = [...this.log.newest()].filter(takes).map((seen) => ({ seen, item: seen.item }));
    for (let from = 0; from < found.length; from += SLICE) {
      const slice = found.slice(from, from + SLICE).filter(({ seen, item }) => seen.item === item);
      yield slice.map(({ seen }) => seen);
      await new Promise<void>((resolve) => this.clock.soon(resolve));
    }
  }
}

function takesOf(filter: Omit<ReplayRequest, 'policy' | 'limit'>): (seen: Seen) => boolean {
  const { task, madeBy, namespace, type } = filter;
  const since = filter.since === undefined ? -Infinity : Date.parse(filter.since);
  const until = filter.until === undefined ? Infinity : Date.parse(filter.until);
  return ({ at, item, policy }) =>
    at.wallMs >= since &&
    at.wallMs < until &&
    (task === undefined || item.key === task) &&
    (madeBy === undefined || policy === madeBy) &&
    (namespace === undefined || item.namespace === namespace) &&
    (type === undefined || item.type === type);
}

function meanOf(chosen: readonly RankedSwarm[]): { costPerSlotHour: number; load: number } {
  const mean = (value: (one: RankedSwarm) => number): number =>
    chosen.reduce((sum, one) => sum + value(one), 0) / chosen.length;
  return { costPerSlotHour: mean(({ costPerSlotHour }) => costPerSlotHour), load: mean(({ load }) => load) };
}

function rendered({ seen, chose, wouldChoose, because }: Compared): ReplayDifference {
  const { at, item, policy, open, rows } = seen;
  const { key, attempt, namespace, type } = item;
  return {
    ...{ at: instant(at.wallMs), key, attempt, namespace, type, policy, open, kept: rows },
    ...{ chose, wouldChoose, because },
  };
}

function instantOf(seen: Seen | undefined): string | undefined {
  return seen === undefined ? undefined : instant(seen.at.wallMs);
}
