import { isTerminal, type Discrepancy, type ShardFinding } from '@multiswarm/contracts';
import { delay } from '@multiswarm/core';
import { dueAt } from '../../domain/task/due';
import { isHeld, type TaskRecord } from '../../domain/task/record';
import { raised } from '../../domain/task/set-back';
import { chunks, type CheckTools } from './check-part';
import { brief, differences } from './same-record';
import { isInHand } from './time-in-hand';

/** What is in motion has gone on by then. */
const LOOK_AGAIN_MS = 300;
const LOOKS = 3;

/** @returns what is wrong with a task in memory; of one that is in motion nothing is said */
type Fault = Omit<ShardFinding, 'repaired' | 'of'> & { mend: () => void };

/**
 * Holds an owner's memory against the records.
 *
 * M1. A record in memory counts as settled where it is the same before and after all that was given before is committed, and
 *     still is when the stored one was read: then both have to agree.
 * M2. What is wrong is looked at again after a while, and told only where it is wrong in the same way each time.
 */
export class MemoryCheck {
  constructor(private readonly tools: CheckTools) {}

  /** @param suspects tasks of which something did not fit */
  async walk(suspects: Iterable<string>): Promise<void> {
    const all = new Set(suspects);
    for (const id of this.ofMemory()) all.add(id);
    for (const ids of chunks([...all])) {
      await this.judge(ids);
      await this.tools.breathe();
    }
  }

  /** Tasks of which memory says something that no record was found to contradict: those in memory, and those with a watch or a time. */
  private *ofMemory(): Generator<string, void, undefined> {
    const { owner } = this.tools;
    const state = owner.state();
    for (const record of state.hot())
      if (isHeld(record) !== (owner.leases.attemptOf(record.id) !== undefined)) yield record.id;
    for (const { taskId, attempt } of owner.leases.watched()) {
      const record = state.task(taskId);
      if (!record || !isHeld(record) || record.attempt !== attempt) yield taskId;
    }
    for (const record of state.hot()) if (owner.due.timeOf(record.id) !== dueAt(record)) yield record.id;
  }

  private async judge(ids: readonly string[]): Promise<void> {
    let faults = await this.faults(ids);
    for (let look = 1; look < LOOKS && faults.size > 0; look += 1) {
      await delay(this.tools.clock, LOOK_AGAIN_MS);
      const again = await this.faults([...faults.keys()]);
      for (const [id, before] of faults) {
        const now = again.get(id) ?? [];
        const lasting = now.filter((fault) => before.some((each) => isSame(each, fault))); // M2
        if (lasting.length > 0) faults.set(id, lasting);
        else faults.delete(id);
      }
      faults = new Map(faults);
    }
    for (const [of, each] of faults) for (const fault of each) this.tell(of, fault);
  }

  private tell(of: string, { mend, ...fault }: Fault): void {
    const { findings, repair } = this.tools;
    const finding = findings.add({ ...fault, of });
    if (!repair) return;
    mend();
    findings.mended(finding);
  }

  /** M1. */
  private async faults(ids: readonly string[]): Promise<Map<string, Fault[]>> {
    const { owner, inspector, shard } = this.tools;
    const before = ids.map((id) => owner.state().task(id));
    await owner.settled();
    const state = owner.state();
    const settled = new Set(ids.filter((id, at) => state.task(id) === before[at]));
    const stored = await inspector.look(shard, ids);
    const faults = new Map<string, Fault[]>();
    ids.forEach((id, at) => {
      const known = owner.state().task(id);
      if (!settled.has(id) || known !== before[at]) return;
      const record = stored[at]?.record;
      const found = this.faultsOf(id, known, record && raised(record, owner.attemptBase));
      if (found.length > 0) faults.set(id, found);
    });
    return faults;
  }

  private faultsOf(id: string, known: TaskRecord | undefined, stored: TaskRecord | undefined): Fault[] {
    const faults = [
      this.wrongRecord(known, stored),
      this.wrongLease(id, known),
      this.wrongTime(id, known ?? stored),
    ];
    return faults.filter((fault) => fault !== undefined);
  }

  private wrongRecord(known: TaskRecord | undefined, stored: TaskRecord | undefined): Fault | undefined {
    const isWrong = known
      ? !stored || differences(known, stored).length > 0
      : stored !== undefined && isHeld(stored);
    if (!isWrong) return undefined;
    return this.fault('memory', 'memory: records', {
      expected: stored ? brief(stored) : 'no such task',
      found: known ? brief(known) : 'not in memory',
      remedy: 'the shard is taken anew, with its memory made from the records',
      mend: () => this.tools.reload(),
    });
  }

  private wrongLease(id: string, known: TaskRecord | undefined): Fault | undefined {
    const { owner } = this.tools;
    const watched = owner.leases.attemptOf(id);
    const attempt = known && isHeld(known) ? known.attempt : undefined;
    if (watched === attempt) return undefined;
    return this.fault('attempt-lease', 'memory: leases of attempts', {
      expected: attempt === undefined ? 'none' : `attempt ${attempt}`,
      found: watched === undefined ? 'none' : `attempt ${watched}`,
      remedy:
        attempt === undefined
          ? 'the lease is dropped'
          : 'its swarm is asked, and the attempt watched from now on',
      mend: () => {
        if (watched !== undefined) owner.leases.drop(id, watched);
        const record = owner.state().task(id);
        if (record && isHeld(record)) owner.resume(record);
      },
    });
  }

  private wrongTime(id: string, record: TaskRecord | undefined): Fault | undefined {
    const { owner, clock } = this.tools;
    if (!owner.isStreamedIn()) return undefined;
    const expected = record && !isTerminal(record.state) ? dueAt(record) : undefined;
    const found = owner.due.timeOf(id);
    if (found === expected || isInHand(expected, found, clock.now())) return undefined;
    return this.fault('due-time', 'memory: timers', {
      ...{
        expected: instant(expected),
        found: instant(found),
        remedy: 'the timer is set as the record says',
      },
      mend: () => owner.due.set(id, expected),
    });
  }

  private fault(kind: Discrepancy, where: string, rest: Omit<Fault, 'kind' | 'where'>): Fault {
    return { kind, where, ...rest };
  }
}

function isSame(one: Fault, other: Fault): boolean {
  return one.kind === other.kind && one.expected === other.expected && one.found === other.found;
}

function instant(at: number | undefined): string {
  if (at === undefined) return 'none';
  return Math.abs(at) < 8.64e15 ? new Date(at).toISOString() : String(at);
}
