import type { ShardFinding, SlotCensusReply } from '@multiswarm/contracts';
import { delay } from '@multiswarm/core';
import { isHeld, type TaskRecord } from '../../domain/task/record';
import { chunks, type CheckTools } from './check-part';
import type { CheckSources } from './shard-check';

const LOOKS = 6;
/**
 * In heartbeats, and at least: while it is looked at again a swarm has heartbeat, early or late, and what ended has been told to
 * all; an attempt that has run until it is listed is in the heartbeats of its swarm, which every load-balancer hears.
 */
const LOOKED_AT = { heartbeats: 1.25, leastMs: 2_500 };
const LISTED_AFTER = { heartbeats: 4, leastMs: 30_000 };
/** A swarm whose report was recorded, and the answer lost, lists the attempt until it has reported it again: two time-outs of reports. */
const REPORTED_AGAIN_MS = 10_000;
/** Tasks of which it is looked at again whether they differ. */
const SUSPECTS = 5_000;
const SWARMS = 1_000;
const WHERE = 'load-balancer: slots';

/** What the settings say of how long a difference may be only in motion. */
export interface SlotTimes {
  heartbeatMs: number;
  /** How long the end of an attempt may be told later, since its slot is kept. */
  slotKeptMs: number;
}

type Counted = SlotCensusReply['attempts'][number];
type Fault = Pick<ShardFinding, 'expected' | 'found' | 'remedy'> & { mend: () => void };

/**
 * Holds the slots that the load-balancer counts as taken against the attempts that are held.
 *
 * L1. An attempt that is placed and not yet told to the owner has the number that comes next; one that has
 *     just been placed may be known to another load-balancer only. Neither is a fault.
 * L2. What differs is looked at again, for longer than a swarm is silent between two heartbeats and a slot is kept, and told only
 *     where it differs each time in the same way.
 * L3. A swarm that is not heard has no slots: what it should have taken is nobody's to count.
 */
export class SlotsCheck {
  private hasAskedHeartbeats = false;

  constructor(
    private readonly tools: CheckTools,
    private readonly sources: Pick<
      CheckSources,
      'slotCensus' | 'giveSlotBack' | 'askHeartbeats' | 'slotTimes'
    >,
  ) {}

  async walk(): Promise<void> {
    const { findings, repair } = this.tools;
    try {
      for (const [of, { mend, ...fault }] of await this.lasting()) {
        const finding = findings.add({ kind: 'slot', where: WHERE, of, ...fault });
        if (!repair) continue;
        mend();
        findings.mended(finding);
      }
    } catch (error) {
      findings.skip(`load-balancer: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** L2. */
  private async lasting(): Promise<Map<string, Fault>> {
    const { heartbeatMs, slotKeptMs } = this.sources.slotTimes;
    const againMs = (atLeast(LOOKED_AT, heartbeatMs) + slotKeptMs) / (LOOKS - 1);
    let faults = await this.faults();
    for (let look = 1; look < LOOKS && faults.size > 0; look += 1) {
      await delay(this.tools.clock, againMs);
      const now = await this.faults();
      faults = new Map([...faults].filter(([id, { found }]) => now.get(id)?.found === found));
    }
    return faults;
  }

  private async faults(): Promise<Map<string, Fault>> {
    const counted = await this.counted();
    const faults = new Map<string, Fault>();
    const missing: TaskRecord[] = [];
    for (const record of this.tools.owner.state().hot())
      if (this.isListed(record) && !isCounted(record, counted.get(record.id))) missing.push(record);
    for (const record of await this.heardOnly(missing.slice(0, SUSPECTS)))
      faults.set(record.id, this.uncounted(record));
    for (const part of chunks([...counted.keys()])) {
      const recalled = await this.tools.owner.recall(part);
      for (const id of part) {
        const record = this.tools.owner.state().task(id) ?? recalled.get(id);
        const vain = counted.get(id)?.find((each) => isInVain(record, each, this.tools.clock.now()));
        if (vain && faults.size < SUSPECTS) faults.set(id, this.inVain(record, vain));
      }
    }
    return faults;
  }

  private isListed({ state, since }: TaskRecord): boolean {
    const listedAfterMs = atLeast(LISTED_AFTER, this.sources.slotTimes.heartbeatMs);
    return state === 'running' && since < this.tools.clock.now() - listedAfterMs;
  }

  private async counted(): Promise<Map<string, Counted[]>> {
    const { shard, breathe } = this.tools;
    const counted = new Map<string, Counted[]>();
    for (let after: string | undefined; ;) {
      const page = await this.sources.slotCensus({ v: 1, shard, after, swarms: [] });
      for (const each of page.attempts) counted.set(each.taskId, [...(counted.get(each.taskId) ?? []), each]);
      if (page.next === null) return counted;
      after = page.next;
      await breathe();
    }
  }

  /** L3. */
  private async heardOnly(records: readonly TaskRecord[]): Promise<TaskRecord[]> {
    const swarms = [...new Set(records.map(swarmOf))];
    const heard = new Set<string>();
    for (const part of chunks(swarms, SWARMS)) {
      // Of no task: only which swarms are heard.
      const asked = { v: 1 as const, shard: this.tools.shard, after: LAST, swarms: part };
      for (const swarmId of (await this.sources.slotCensus(asked)).heard) heard.add(swarmId);
    }
    return records.filter((record) => heard.has(swarmOf(record)));
  }

  private uncounted(record: TaskRecord): Fault {
    return {
      expected: `attempt ${record.attempt} on ${swarmOf(record)}`,
      found: 'not counted',
      remedy: 'all swarms are asked for a heartbeat, by which the load-balancer counts anew',
      mend: () => this.askHeartbeats(),
    };
  }

  /** All swarms hear it: once is enough for whatever is missing. */
  private askHeartbeats(): void {
    if (!this.hasAskedHeartbeats) this.sources.askHeartbeats();
    this.hasAskedHeartbeats = true;
  }

  private inVain(record: TaskRecord | undefined, counted: Counted): Fault {
    const { taskId, attempt, swarmId, region, isReserved } = counted;
    const expected = record && isHeld(record) ? `attempt ${record.attempt} on ${swarmOf(record)}` : 'none';
    return {
      expected,
      found: `attempt ${attempt} ${isReserved ? 'reserved' : 'counted'} on ${swarmId}`,
      remedy: isReserved ? 'the reservation is given back' : 'its swarm is told that it runs in vain',
      mend: () => {
        if (isReserved) this.sources.giveSlotBack({ taskId, attempt, swarmId });
        else this.tools.owner.giveUp(region, swarmId, { taskId, attempt });
      },
    };
  }
}

/** Behind every key. */
const LAST = '\uffff';

function atLeast({ heartbeats, leastMs }: typeof LOOKED_AT, heartbeatMs: number): number {
  return Math.max(leastMs, heartbeats * heartbeatMs);
}

function swarmOf({ attempts }: TaskRecord): string {
  return attempts.at(-1)?.swarmId ?? '';
}

function isCounted(record: TaskRecord, counted: readonly Counted[] = []): boolean {
  return counted.some(({ attempt, swarmId }) => attempt === record.attempt && swarmId === swarmOf(record));
}

/** L1. */
function isInVain(record: TaskRecord | undefined, { attempt, isReserved }: Counted, nowMs: number): boolean {
  if (!record) return true;
  if (!isReserved && record.since > nowMs - REPORTED_AGAIN_MS) return false;
  return isHeld(record) ? attempt < record.attempt : attempt <= record.attempt;
}
