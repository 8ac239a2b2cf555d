import { chunks, type CheckTools } from './check-part';
import { INDEXES, type ListedId, type RunPlaces, type ShardSums } from './inspector';
import { misplacedRun } from './misplaced';
import type { RecordsCheck } from './records-check';

/** Runs, and what is in indexes although no list of tasks or runs leads there. */
export class IndexCheck {
  constructor(
    private readonly tools: CheckTools,
    private readonly records: RecordsCheck,
  ) {}

  /** Whoever is in an index and has no record, or one that no list shows. */
  async walk({ specs, tasks }: ShardSums): Promise<void> {
    const { inspector, shard, breathe } = this.tools;
    const seen = new Set<string>();
    for (const index of INDEXES) {
      // Every record is listed: else there are more of the one than of the other.
      if (index === 'specs' && specs === tasks) continue;
      for await (const page of inspector.members(shard, index)) {
        const ids = page.filter((id) => isTask(id) && !seen.has(id));
        for (const part of chunks(ids))
          for (const places of await inspector.look(shard, part)) this.see(places, seen);
        await breathe();
      }
    }
  }

  async walkRuns(): Promise<void> {
    const { inspector, shard, breathe, looked } = this.tools;
    let after: ListedId | undefined;
    for (;;) {
      const page: ListedId[] = await inspector.listed('workflows', shard, after, RUNS_AT_ONCE);
      await this.judgeRuns(page.map(({ id }) => id));
      looked(page.length);
      after = page.at(-1);
      if (page.length < RUNS_AT_ONCE) return;
      await breathe();
    }
  }

  private see(places: Parameters<RecordsCheck['found']>[0], seen: Set<string>): void {
    const { record, listedAt, waitingAt, isActive, expiresAt, letterAt, letterFacts, payloads } = places;
    const isThere =
      [waitingAt, expiresAt, letterAt, letterFacts, payloads].some((each) => each !== undefined) || isActive;
    if (!record && !isThere && listedAt === undefined) return; // it has left since
    if (record && listedAt !== undefined) return; // judged with all that are listed
    if (seen.size >= SEEN || seen.has(places.id)) return;
    seen.add(places.id);
    this.records.found(places);
  }

  private async judgeRuns(ids: readonly string[]): Promise<void> {
    const { inspector, shard, findings, repair } = this.tools;
    for (const places of await inspector.lookAtRuns(shard, ids)) {
      if (places.listedAt === undefined) continue; // forgotten between the two reads
      const found = misplacedRun(shard, places).map((finding) => findings.add(finding));
      if (places.run?.run.state === 'running')
        await this.judgeSteps(
          places.id,
          places.run.run.spec.steps.map((step) => step.taskId),
        );
      const canBeMended = repair && found.length > 0 && places.unreadable === undefined;
      if (canBeMended && (await this.mendRun(places))) findings.mended(...found);
    }
  }

  /** @returns false where the run has gone on since, or is not in memory as it should be */
  private async mendRun({ id, run: stored, expiresAt }: RunPlaces): Promise<boolean> {
    const { owner } = this.tools;
    const change = owner.state().change();
    const active = owner.state().activeRun(id);
    if (!stored) change.forget(id, []);
    else {
      if ((active !== undefined) !== (stored.run.state === 'running')) return false;
      const record = active?.record ?? stored.run;
      const progress = active?.progress() ?? stored.progress;
      change.writes.push({ kind: 'run', record, progress, isNew: true });
      if (active) change.rootReopened(id);
      else if (expiresAt === undefined)
        change.rootEnded(id, (record.endedAt ?? change.now) + owner.retentionMs(record.spec.namespace));
    }
    await owner.commit(change);
    return true;
  }

  private async judgeSteps(run: string, steps: readonly string[]): Promise<void> {
    const { inspector, shard, findings } = this.tools;
    for (const part of chunks(steps))
      for (const { id, record } of await inspector.look(shard, part))
        if (!record)
          findings.add({
            ...{
              kind: 'step-missing',
              where: run,
              of: id,
              expected: 'the record of a step',
              found: 'nowhere',
            },
            remedy: 'none is made: cancel the run, and rerun it',
          });
  }
}

const RUNS_AT_ONCE = 20;
/** Of what no list shows, so much is told. */
const SEEN = 100_000;

function isTask(id: string): boolean {
  return id.startsWith('t');
}
