import type { AttemptRef, CensusReply, ShardFinding } from '@multiswarm/contracts';
import { delay } from '@multiswarm/core';
import { isHeld, isLone, isPlaceable, type TaskRecord } from '../../domain/task/record';
import { CHUNK, chunks, type CheckTools } from './check-part';
import type { CheckSources } from './shard-check';

/** What is in motion between an owner and the scheduler has arrived by then. */
const LOOK_AGAIN_MS = 500;
const LOOKS = 3;
const MOST_LOOKS = 20;
/** Tasks of which it is looked at again whether they differ. */
const SUSPECTS = 5_000;

type Fault = Pick<ShardFinding, 'kind' | 'where' | 'of' | 'expected' | 'found'>;

/** What the scheduler has of a shard. */
interface Known {
  queued: Set<string>;
  /** By task: numbers of its attempts. */
  held: Map<string, number[]>;
  /** The same, of attempts whose grant the owner has not answered yet. */
  underWay: Map<string, number[]>;
}

/**
 * Holds what the scheduler has of a shard against its tasks: who waits in its queue, and what counts in limits.
 *
 * S1. A task that is placed, and of which the owner does not know it yet, is in no queue and counts in limits under the number
 *     that comes next: that is no fault. Nor is one whose grant is under way, whatever has become of the task: the
 *     answer to the grant will settle it.
 * S2. What differs is looked at again, and told only where it differs each time in the same way.
 * S3. The last look counts only when all is confirmed that the owner had told by the first one.
 */
export class SchedulerCheck {
  constructor(
    private readonly tools: CheckTools,
    private readonly scheduler: Pick<CheckSources, 'census' | 'owesSchedulerSince'>,
  ) {}

  async walk(): Promise<void> {
    const { findings } = this.tools;
    try {
      await this.compare();
    } catch (error) {
      findings.skip(`scheduler: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private async compare(): Promise<void> {
    const { findings, repair, reload } = this.tools;
    const faults = await this.lasting();
    for (const fault of faults.values()) {
      const remedy = 'the shard is taken anew, and the scheduler told again what it has';
      const finding = findings.add({ ...fault, remedy });
      if (!repair) continue;
      reload();
      findings.mended(finding);
    }
  }

  /** S2. */
  private async lasting(): Promise<Map<string, Fault>> {
    const { clock, findings } = this.tools;
    let from = Infinity;
    let faults: Map<string, Fault> | undefined;
    for (let look = 1; ; look += 1) {
      const known = await this.ask();
      if (known) {
        const now: Map<string, Fault> = faults
          ? await this.faultsOf([...faults.keys()], known)
          : await this.all(known);
        if (!faults) from = clock.monotonic();
        faults = faults ? common(faults, now) : now;
        if (faults.size === 0) return faults;
        if (look >= LOOKS && this.isTold(from)) return faults;
      }
      if (look >= MOST_LOOKS) break;
      await delay(clock, LOOK_AGAIN_MS);
    }
    findings.skip('scheduler: it has not been told yet what the shard has');
    return new Map();
  }

  /** S3. */
  private isTold(from: number): boolean {
    const since = this.scheduler.owesSchedulerSince(this.tools.shard);
    return since === undefined || since > from;
  }

  /** @returns undefined where it has not been told all: it will be */
  private async ask(): Promise<Known | undefined> {
    const { shard, owner, repair } = this.tools;
    const known: Known = { queued: new Set(), held: new Map(), underWay: new Map() };
    for (let offset: number | null = 0; offset !== null;) {
      const page: CensusReply = await this.scheduler.census({ v: 1, shard, offset, mend: repair });
      if (!page.isWhole || page.epoch !== owner.epoch) return undefined;
      for (const id of page.queued) known.queued.add(id);
      for (const ref of page.held) hold(known.held, ref);
      for (const ref of page.underWay ?? []) hold(known.underWay, ref);
      this.judgeLimits(page);
      offset = page.next;
    }
    return known;
  }

  /** Exact: the scheduler counts and compares in one turn. With a repair it has set them right. */
  private judgeLimits({ limits }: CensusReply): void {
    const { findings, repair } = this.tools;
    for (const { namespace, key, counted, held } of limits) {
      const of = key === undefined ? namespace : `${namespace}/${key}`;
      const known = findings.listed.some((each) => each.kind === 'scheduler-limit' && each.of === of);
      if (known) continue;
      const finding = findings.add({
        ...{ kind: 'scheduler-limit', where: 'scheduler: limits', of },
        ...{ expected: `${held} attempts`, found: `${counted} counted`, remedy: 'the limit is counted anew' },
      });
      if (repair) findings.mended(finding);
    }
  }

  /** Everything that waits or runs, on either side. */
  private async all(known: Known): Promise<Map<string, Fault>> {
    const { owner, inspector, shard, breathe } = this.tools;
    const suspects = new Set<string>();
    const see = (id: string): void => {
      if (suspects.size < SUSPECTS) suspects.add(id);
    };
    const strangers = new Set([...known.queued, ...known.held.keys()]);
    for (const record of owner.state().hot()) {
      strangers.delete(record.id);
      if (faultOf(record.id, record, known)) see(record.id);
    }
    for await (const page of inspector.members(shard, 'waiting')) {
      for (const id of page) {
        // Whoever waits and is not in memory has a record that says no more than that it waits.
        if (!known.queued.has(id) && !owner.state().task(id)) see(id);
        strangers.delete(id);
      }
      await breathe();
    }
    for (const id of strangers) see(id);
    return this.faultsOf([...suspects], known);
  }

  private async faultsOf(ids: readonly string[], known: Known): Promise<Map<string, Fault>> {
    const { owner } = this.tools;
    const faults = new Map<string, Fault>();
    for (const part of chunks(ids, CHUNK)) {
      const recalled = await owner.recall(part);
      for (const id of part) {
        const record = owner.state().task(id) ?? recalled.get(id);
        const fault = faultOf(id, record, known);
        if (fault) faults.set(id, fault);
      }
    }
    return faults;
  }
}

function faultOf(
  id: string,
  record: TaskRecord | undefined,
  { queued, held, underWay }: Known,
): Fault | undefined {
  const numbers = held.get(id) ?? [];
  const unanswered = underWay.get(id) ?? [];
  const waits = record !== undefined && isPlaceable(record);
  const next = record ? record.attempt + 1 : 0;
  const isOnItsWay = record !== undefined && (waits || isWaitingLone(record)) && numbers.includes(next); // S1
  const queue = 'scheduler: queue';
  if (waits !== queued.has(id) && !isOnItsWay)
    return {
      ...{ kind: 'scheduler-queue', where: queue, of: id },
      ...{ expected: waits ? 'in line' : `not in line (${record?.state ?? 'no such task'})` },
      found: waits ? 'not in line' : 'in line',
    };
  const expected = record && isHeld(record) ? [record.attempt] : [];
  const settled = numbers.filter((number) => !unanswered.includes(number)); // S1
  const strange = settled.filter((number) => !expected.includes(number) && !(isOnItsWay && number === next));
  const missing = expected.filter((number) => !numbers.includes(number));
  if (strange.length + missing.length === 0) return undefined;
  return {
    ...{ kind: 'scheduler-held', where: 'scheduler: attempts in limits', of: id },
    ...{ expected: attempts(expected), found: attempts(numbers) },
  };
}

function isWaitingLone(record: TaskRecord): boolean {
  return isLone(record) && record.state === 'queued';
}

function hold(held: Known['held'], { taskId, attempt }: AttemptRef): void {
  const numbers = held.get(taskId);
  if (numbers === undefined) held.set(taskId, [attempt]);
  else if (!numbers.includes(attempt)) numbers.push(attempt);
}

function attempts(numbers: readonly number[]): string {
  return numbers.length === 0 ? 'none' : `attempt ${numbers.join(', ')}`;
}

/** S2. */
function common(before: Map<string, Fault>, now: Map<string, Fault>): Map<string, Fault> {
  const lasting = [...now].filter(([id, fault]) => {
    const first = before.get(id);
    return first?.kind === fault.kind && first.expected === fault.expected && first.found === fault.found;
  });
  return new Map(lasting);
}
