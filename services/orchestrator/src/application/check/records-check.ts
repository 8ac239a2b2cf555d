import { isTerminal, keys, LIMITS, TASK_STATES, type ShardFinding } from '@multiswarm/contracts';
import { dueAt } from '../../domain/task/due';
import { isHeld, isLone, type TaskRecord } from '../../domain/task/record';
import { raised } from '../../domain/task/set-back';
import { CHUNK, chunks, type CheckTools } from './check-part';
import type { ListedId, ShardSums, TaskPlaces } from './inspector';
import { misplaced } from './misplaced';
import { differences } from './same-record';
import type { Recount } from './recount';
import type { RunsCheck } from './runs-check';

/** Tasks that one run mends; the next run mends others. */
const MENDED_AT_ONCE = 100_000;

/**
 * Walks all records of a shard: is each where it should be, do the counts agree, does the owner's memory?
 *
 * R1. What Redis says of one task is of one moment, and commits are whole: what does not fit there is wrong, not in motion.
 * R2. What memory says is of another moment: it is only suspected here, and looked at again (`MemoryCheck`).
 * R3. Nothing is mended before everything was counted.
 */
export class RecordsCheck {
  /** R2. */
  readonly suspects = new Set<string>();
  /** Tasks of which the search index says something else (R2: looked at again by `SearchCheck`). */
  readonly unfound = new Set<string>();
  /** Entries of the list to which no record belongs. */
  withoutRecord = 0;
  private readonly misplacedTasks = new Map<string, ShardFinding[]>();
  private readonly miscounted: [finding: ShardFinding, by: number][] = [];

  constructor(
    private readonly tools: CheckTools,
    private readonly recount: Recount,
    private readonly runs: Pick<RunsCheck, 'stepsSeen'>,
  ) {}

  async walk(): Promise<void> {
    const { inspector, shard, breathe, looked } = this.tools;
    let after: ListedId | undefined;
    for (;;) {
      const page: ListedId[] = await inspector.listed('tasks', shard, after, CHUNK);
      const all = await inspector.look(
        shard,
        page.map(({ id }) => id),
      );
      for (const places of all) this.judge(places);
      await this.runs.stepsSeen(all.flatMap(({ record }) => record ?? []));
      looked(page.length);
      after = page.at(-1);
      if (page.length < CHUNK) break;
      await breathe();
    }
  }

  /** R1, for a task that no list shows, and that is found in some index; each once. */
  found(places: TaskPlaces): void {
    this.note(places);
    if (places.record) this.recount.read(places.id, places.record.state);
  }

  async mend(): Promise<void> {
    if (!this.tools.repair) return;
    for (const ids of chunks([...this.misplacedTasks.keys()])) {
      await this.mendTasks(ids);
      await this.tools.breathe();
    }
  }

  private judge(places: TaskPlaces): void {
    const { record, id } = places;
    if (places.listedAt === undefined && !record) return; // forgotten between the two reads
    this.note(places);
    if (!record) {
      this.withoutRecord += 1;
      return;
    }
    this.recount.read(id, record.state);
    if (this.isSuspect(record)) this.suspect(id);
    if (this.unfound.size < LIMITS.CHECK_TOUCHED && this.tools.owner.index.differences(record).length > 0)
      this.unfound.add(id);
    // Steps come with their run, whose id is known.
    if (isLone(record) && this.tools.owner.ids.isNew(id)) this.notKnown(id);
  }

  private note(places: TaskPlaces): void {
    const { shard, inspector, findings } = this.tools;
    const lookups: Parameters<typeof misplaced>[2] = {
      factsOf: (record) => inspector.factsOf(record),
      payloadsOf: (record) => inspector.payloadsOf(record),
    };
    for (const finding of misplaced(shard, places, lookups)) {
      const listed = findings.add(finding);
      if (finding.kind === 'record-unreadable' || this.misplacedTasks.size >= MENDED_AT_ONCE) continue;
      this.misplacedTasks.set(places.id, [...(this.misplacedTasks.get(places.id) ?? []), listed]);
    }
  }

  private isSuspect(record: TaskRecord): boolean {
    const { owner } = this.tools;
    const known = owner.state().task(record.id);
    const stored = raised(record, owner.attemptBase);
    if (known ? differences(known, stored).length > 0 : isHeld(record)) return true;
    if (isTerminal(record.state)) return false;
    return owner.isStreamedIn() && owner.due.timeOf(record.id) !== dueAt(record);
  }

  private suspect(id: string): void {
    if (this.suspects.size < LIMITS.CHECK_TOUCHED) this.suspects.add(id);
  }

  private notKnown(id: string): void {
    const { findings, owner, repair } = this.tools;
    const finding = findings.add({
      ...{ kind: 'known-id', where: 'memory: known ids', of: id, expected: 'known', found: 'taken for new' },
      remedy: 'the id is learnt: a repeated submission under its key meets the task again',
    });
    if (!repair) return;
    owner.ids.add(id);
    findings.mended(finding);
  }

  /** When all were counted. Tasks that have ended stay counted when they are forgotten: there may be more of them than there are. */
  judgeCounts({ counts }: ShardSums): void {
    const { findings, shard } = this.tools;
    if (this.recount.isLost) {
      findings.skip(`counts: more than ${LIMITS.CHECK_TOUCHED} tasks changed while they were counted`);
      return;
    }
    for (const state of TASK_STATES) {
      const there = this.recount.of(state);
      const counted = counts[state] ?? 0;
      if (isTerminal(state) ? counted < there : counted !== there)
        this.miscounted.push([
          findings.add({
            ...{ kind: 'count', where: keys.counts(shard), of: state, found: String(counted) },
            expected: isTerminal(state) ? `${there} or more` : String(there),
            remedy: `${signed(there - counted)} is added to the count`,
          }),
          there - counted,
        ]);
    }
  }

  /** Also after further commits: a count that is wrong stays wrong by as much. */
  async mendCounts(): Promise<void> {
    const { owner, repair, findings } = this.tools;
    if (!repair || this.miscounted.length === 0) return;
    const change = owner.state().change();
    for (const [{ of }, by] of this.miscounted) change.writes.push({ kind: 'count', state: of, by });
    await owner.commit(change);
    findings.mended(...this.miscounted.map(([finding]) => finding));
  }

  private async mendTasks(ids: readonly string[]): Promise<void> {
    const { owner, inspector, shard, findings } = this.tools;
    const places = new Map((await inspector.look(shard, ids)).map((each) => [each.id, each]));
    const recalled = await owner.recall(ids);
    await Promise.all(
      ids.map(async (id) => {
        const record = owner.state().task(id) ?? recalled.get(id);
        const there = places.get(id);
        if (there) await (record ? this.enter(record, there) : this.remove(id));
        findings.mended(...(this.misplacedTasks.get(id) ?? []));
      }),
    );
  }

  /** Entered as a new one where it is not listed; then as one of which nobody knows where it was. */
  private async enter(record: TaskRecord, there: TaskPlaces): Promise<void> {
    const { owner, inspector } = this.tools;
    if (there.listedAt !== record.createdAt || there.payloads !== inspector.payloadsOf(record)) {
      const listed = owner.state().change();
      listed.writes.push({ kind: 'task', record, isNew: true });
      await owner.commit(listed);
      await this.enterAnew(record.id, there);
    } else await this.enterNow(record, there);
  }

  private async enterAnew(id: string, there: TaskPlaces): Promise<void> {
    const { owner } = this.tools;
    const recalled = await owner.recall([id]);
    const record = owner.state().task(id) ?? recalled.get(id);
    if (record) await this.enterNow(record, there);
  }

  private async enterNow(record: TaskRecord, { expiresAt }: TaskPlaces): Promise<void> {
    const { owner } = this.tools;
    const { id, spec } = record;
    const change = owner.state().change();
    change.writes.push({ kind: 'task', record, isNew: false });
    const expires = spec.workflowId === undefined && isTerminal(record.state);
    if (!expires) change.rootReopened(id);
    else if (expiresAt === undefined)
      change.rootEnded(id, (record.endedAt ?? change.now) + owner.retentionMs(spec.namespace));
    await owner.commit(change);
  }

  private async remove(id: string): Promise<void> {
    const { owner } = this.tools;
    const change = owner.state().change();
    change.forget(id, [id]);
    await owner.commit(change);
  }
}

function signed(by: number): string {
  return by > 0 ? `+${by}` : String(by);
}
